#!/bin/sh
# PostgreSQL's archive_command: archive_wal.sh FOLDER PATH NAME. Succeeds only when the file is on disk in FOLDER.
# A file that is there already succeeds if it is the same (the server repeats what it could not confirm), else it fails.
set -eu
folder=$1
path=$2
name=$3

if [ -e "$folder/$name" ]; then
  exec cmp -s "$path" "$folder/$name"
fi
cp "$path" "$folder/$name.partial"
sync "$folder/$name.partial"
mv "$folder/$name.partial" "$folder/$name"
sync "$folder"
