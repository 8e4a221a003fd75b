/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <string.h>

napi_value throw_failure(napi_env env, const struct failure *failure)
{
	napi_throw_error(env, failure->code, failure->message);
	return NULL;
}

napi_value number(napi_env env, double value)
{
	napi_value result;

	napi_create_double(env, value, &result);
	return result;
}

napi_value string(napi_env env, const char *value)
{
	napi_value result;

	napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
	return result;
}

void set(napi_env env, napi_value object, const char *name, napi_value value)
{
	napi_set_named_property(env, object, name, value);
}

static napi_value get(napi_env env, napi_value object, const char *name)
{
	napi_value value = NULL;

	return napi_get_named_property(env, object, name, &value) == napi_ok ? value : NULL;
}

double get_number(napi_env env, napi_value object, const char *name, double fallback)
{
	napi_value value = get(env, object, name);
	double result;

	return value && napi_get_value_double(env, value, &result) == napi_ok ? result : fallback;
}

bool get_bool(napi_env env, napi_value object, const char *name, bool fallback)
{
	napi_value value = get(env, object, name);
	bool result;

	return value && napi_get_value_bool(env, value, &result) == napi_ok ? result : fallback;
}

bool get_string(napi_env env, napi_value object, const char *name, char *buffer, size_t size)
{
	napi_value value = get(env, object, name);
	size_t length;

	if (!value || napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok || length >= size)
		return false;
	return napi_get_value_string_utf8(env, value, buffer, size, &length) == napi_ok;
}

void *bytes_of(napi_env env, napi_value value, size_t *length)
{
	bool is_typed = false;
	void *data = NULL;
	napi_typedarray_type type;
	napi_value buffer;
	size_t elements, offset;
	static const uint8_t sizes[] = { 1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2 };

	*length = 0;
	if (!value || napi_is_typedarray(env, value, &is_typed) != napi_ok || !is_typed)
		return NULL;
	if (napi_get_typedarray_info(env, value, &type, &elements, &data, &buffer, &offset) != napi_ok)
		return NULL;
	*length = elements * sizes[type];
	return data;
}
