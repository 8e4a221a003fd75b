// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Never loaded: its BTF describes what crosses the kernel/user boundary, and src/layout.generated.ts is made from it. */
#include "layout.h"

struct flow_key key;
struct flow_event event;
struct flow_slot slot;
struct flow_tunnel tunnel;
struct flow_translation translation;
struct flow_processes processes;
struct flow_drops drops;
struct flow_filter filter;
enum flow_cause cause;
