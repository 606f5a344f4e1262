#!/bin/sh
# PostgreSQL's archive_command: archive_wal.sh FOLDER PATH NAME. Succeeds only when the file is on disk in FOLDER.
# A file that is there already succeeds if it is the same (the server repeats what it could not confirm), else it fails.
# A copy under way ends in .copying: .partial is PostgreSQL's own, the last file of a timeline that a restoration ended.
set -eu
folder=$1
path=$2
name=$3

if [ -e "$folder/$name" ]; then
  exec cmp -s "$path" "$folder/$name"
fi
cp "$path" "$folder/$name.copying"
sync "$folder/$name.copying"
mv "$folder/$name.copying" "$folder/$name"
sync "$folder"
