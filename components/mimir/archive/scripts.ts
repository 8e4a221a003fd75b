/**
 * The scripts of the archive's jobs, for the shell of rclone's image (BusyBox). Both read `SOURCE_BUCKET` and `ARCHIVE_BUCKET`
 * of the remote `store` and the tenant `RESTORE_TENANT`, and write their lists into the working directory.
 *
 * The archive holds Mimir's objects under `blocks/`, by the names they have in Mimir's bucket, and under `inventory/` one file
 * per run with the SHA-256 of every object that it added. Whatever is not in an inventory is hashed by the next run, so that a
 * run may end at any time.
 */

/** Objects that are younger are left alone: compaction replaces 2 h and 12 h blocks within two days. In hours. */
export const settleHours = 72;

const places = `
source="store:$SOURCE_BUCKET" blocks="store:$ARCHIVE_BUCKET/blocks" inventory="store:$ARCHIVE_BUCKET/inventory"
export LC_ALL=C
# Object names with the SHA-256 that each had when it was archived.
rclone cat "$inventory" > inventory`;

/**
 * Copies what has settled, hashes what is new in the archive, and fails unless everything that has settled is archived and
 * everything that was archived is still there.
 */
export const archiveScript = `#!/bin/sh
set -eu
${places.trimStart()}
cut -c67- inventory | sort > hashed
archived() { rclone lsf --recursive --files-only "$blocks" | sort > archived; }

# Objects of blocks. Their deletion marks stay behind: a restored block must not be deleted again. Restored blocks are in
# the archive already, which could not delete a second copy before its time.
rclone lsf --recursive --files-only --use-server-modtime --min-age "$SETTLE" \\
  --filter '- deletion-mark.json' --filter "- /$RESTORE_TENANT/**" --filter '+ /*/{{[0-9A-Z]{26}}}/**' --filter '- *' \\
  "$source" | sort > settled
archived
comm -23 settled archived > missing
rclone copy --files-from-raw missing --no-traverse --immutable --use-server-modtime "$source" "$blocks"

archived
comm -23 archived hashed > new
if [ -s new ]; then
  mkdir -p out
  rclone hashsum SHA256 --download --files-from-raw new "$blocks" > sums
  mv sums "out/$(date -u +%Y-%m-%dT%H%M%SZ).sha256"
  rclone copy --immutable out "$inventory"
fi

comm -23 settled archived > missing
comm -13 archived hashed > lost
sed 's/^/not archived: /' missing
sed 's/^/lost by the archive: /' lost
echo "$(wc -l < settled) objects settled, $(wc -l < archived) archived, $(wc -l < new) new"
[ ! -s missing ] && [ ! -s lost ]
`;

/**
 * Copies the blocks of `TENANT` that have samples between `FROM` and `TO` ("YYYY-MM-DD hh:mm", UTC) back into Mimir's bucket, for
 * the tenant `RESTORE_TENANT`, after comparing them with their checksums.
 */
export const restoreScript = `#!/bin/sh
set -eu
${places.trimStart()}
tenant="\${TENANT:?is the tenant to restore}"
from=$(date -u -d "\${FROM:?is the first minute, YYYY-MM-DD hh:mm}" +%s)000
to=$(date -u -d "\${TO:?is the last minute, YYYY-MM-DD hh:mm}" +%s)000
# Mimir deletes every block of a tenant that is marked for deletion, and keeps the mark for hours after the last one.
deleted=$(rclone lsf --include tenant-deletion-mark.json "$source/$RESTORE_TENANT/markers")
[ -z "$deleted" ] || { echo "tenant $RESTORE_TENANT is being deleted: try again when Mimir has removed its deletion mark"; exit 1; }
field() { sed -n "s/.*\\"$1\\": *\\([0-9]*\\).*/\\1/p" meta | head -n 1; }

: > chosen
rclone lsf --dirs-only "$blocks/$tenant" > candidates
while read -r block; do
  rclone cat "$blocks/$tenant/\${block}meta.json" > meta
  if [ "$(field minTime)" -lt "$to" ] && [ "$(field maxTime)" -gt "$from" ]; then echo "$block" >> chosen; fi
done < candidates
[ -s chosen ] || { echo "no archived block of $tenant between $FROM and $TO"; exit 1; }

# An object that differs from its checksum, or has none, must not come back.
grep -F "  $tenant/" inventory | grep -F -f chosen | cut -c1-66,$((68 + \${#tenant}))- > sums
sed 's|.*|+ /&**|' chosen > filter
echo '- *' >> filter
rclone checksum SHA256 sums "$blocks/$tenant" --download --filter-from filter

# A block without meta.json is incomplete to Mimir, which ignores it: it comes last.
{ echo '- meta.json'; cat filter; } > content
rclone copy --filter-from content "$blocks/$tenant" "$source/$RESTORE_TENANT"
rclone copy --filter-from filter "$blocks/$tenant" "$source/$RESTORE_TENANT"
echo "restored $(wc -l < chosen) blocks of $tenant for the tenant $RESTORE_TENANT"
`;
