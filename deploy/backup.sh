#!/bin/sh
# Hot backup of a running market: nothing stops. Needs PostgreSQL's client programs on the path.
#
#   backup.sh base         a base backup of the database into $BACKUP_DIRECTORY/base/<UTC time of its end>
#   backup.sh files        copies stored files that are new into $BACKUP_DIRECTORY/files, then touches files-copied
#   backup.sh prune COUNT  keeps the newest COUNT base backups and the log that they need
#   backup.sh watch        `files` every FILES_SECONDS (300); `base` and `prune` when the newest base backup is older than
#                          BASE_SECONDS (86400); for ever
#
# Environment: BACKUP_DIRECTORY; BACKUP_URL, postgresql://… of a role with REPLICATION (`base`); STORAGE_DIRECTORY
# (`files`); BASES_KEPT (7). The server's archive_command writes the log into $BACKUP_DIRECTORY/wal (archive_wal.sh).
set -eu

fail() {
  echo "backup: $1" >&2
  exit 1
}

base() {
  partial=$BACKUP_DIRECTORY/base/partial
  rm -rf "$partial"
  mkdir -p "$BACKUP_DIRECTORY/base"
  # The log that the backup itself needs is in it, so it can be restored without the archive too.
  pg_basebackup --dbname="$BACKUP_URL" --pgdata="$partial" --format=tar --gzip --checkpoint=fast --wal-method=fetch \
    || fail "the base backup failed: check BACKUP_URL, and the line for replication in pg_hba.conf"
  pg_verifybackup --no-parse-wal --quiet "$partial" || fail "the base backup is damaged"
  sync
  name=$(date -u +%Y%m%dT%H%M%SZ)
  [ ! -e "$BACKUP_DIRECTORY/base/$name" ] || fail "there is a base backup $name already"
  mv "$partial" "$BACKUP_DIRECTORY/base/$name"
  echo "backup: base backup $name, $(du -sk "$BACKUP_DIRECTORY/base/$name" | cut -f1) kB"
}

copy_folder() {
  mkdir -p "$target/$1" || return 1
  if [ "$(id -u)" -eq 0 ]; then chown --reference="$1" "$target/$1" || return 1; fi
  chmod --reference="$1" "$target/$1" || return 1
}

copy_file() {
  mkdir -p "$target/$(dirname "$1")" || return 1
  cp -p "$1" "$target/$1.partial" || return 1
  mv "$target/$1.partial" "$target/$1" || return 1
}

files() {
  # Stored files never change, so what is there is complete. A file is written before the row that names it.
  target=$BACKUP_DIRECTORY/files
  mkdir -p "$target"
  cd "$STORAGE_DIRECTORY"
  # Here, because the folder of temporary files may be read-only.
  listed=$BACKUP_DIRECTORY/.listed.$$
  trap 'rm -f "$listed"' EXIT
  # Folders keep owner and rights, so that the market can write into them when they are restored. Only root can give them
  # to another owner: whoever is not root copies as the market's user, and what is copied is that user's already.
  find . -ignore_readdir_race -type d >"$listed" || fail "the folders of stored files could not be listed"
  while IFS= read -r folder; do
    # One that was removed since it was listed is left out.
    copy_folder "$folder" || [ ! -d "$folder" ] || fail "the folder $folder of stored files could not be made"
  done <"$listed"
  find . -ignore_readdir_race -type f ! -name 'draft-*' ! -name '*.partial' >"$listed" || fail "the stored files could not be listed"
  while IFS= read -r file; do
    [ ! -e "$target/$file" ] || continue
    # So is a file that retention removed.
    copy_file "$file" || [ ! -e "$file" ] || fail "the stored file $file could not be copied"
  done <"$listed"
  cd - >/dev/null
}

prune() {
  kept=$1
  [ "$kept" -ge 1 ] || fail "keep at least one base backup"
  names=$(ls "$BACKUP_DIRECTORY/base" | grep 'Z$' | sort -r)
  for name in $(echo "$names" | tail -n +$((kept + 1))); do
    rm -rf "${BACKUP_DIRECTORY:?}/base/$name"
  done
  firsts=
  for name in $(echo "$names" | head -n "$kept"); do
    first=$(tar -xzOf "$BACKUP_DIRECTORY/base/$name/base.tar.gz" --occurrence=1 backup_label \
      | sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\)).*/\1/p')
    [ -n "$first" ] || fail "the base backup $name does not say where it starts"
    firsts="$firsts $first"
  done
  [ -n "$firsts" ] || return 0
  # A restoration goes back in the log, so the oldest base backup need not start first. The timeline, 8 digits, does not count.
  pg_archivecleanup "$BACKUP_DIRECTORY/wal" "$(printf '%s\n' $firsts | sort -k 1.9 | head -n 1)"
}

watch() {
  # Stored files do not wait for a base backup, which takes long or fails, nor it for them.
  while true; do
    "$0" files || echo "backup: stored files are tried again" >&2
    sleep "${FILES_SECONDS:-300}"
  done &
  mkdir -p "$BACKUP_DIRECTORY/base"
  while true; do
    # A restart makes no base backup before its time: pruning would let it take the place of an older day's.
    due=$(date -u -d "@$(($(date +%s) - ${BASE_SECONDS:-86400}))" +%Y%m%dT%H%M%SZ)
    newest=$({ ls "$BACKUP_DIRECTORY/base"; echo "$due"; } | grep 'Z$' | sort | tail -n 1)
    if [ "$newest" = "$due" ]; then
      base
      prune "${BASES_KEPT:-7}"
    fi
    sleep "${FILES_SECONDS:-300}"
  done
}

: "${BACKUP_DIRECTORY:?set BACKUP_DIRECTORY to the folder of the backups}"
case "${1:-}" in
  base) : "${BACKUP_URL:?}"; base ;;
  files) : "${STORAGE_DIRECTORY:?}"; files; : >"$BACKUP_DIRECTORY/files-copied" ;;
  prune) prune "${2:?how many base backups to keep}" ;;
  watch) : "${BACKUP_URL:?}" "${STORAGE_DIRECTORY:?}"; watch ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
