# Runs journald in a namespace of its own, so that this machine's journal is not touched; prints what journalctl says.
# $1: the form of journalctl, $2: a folder with machine-id, boot-id and journald.conf. $3: Python.
set -eu
hostname host
mount --bind "$2/machine-id" /etc/machine-id
mount --bind "$2/boot-id" /proc/sys/kernel/random/boot_id
mount -t tmpfs none /run
mkdir -p /run/log/journal /run/systemd/journald.conf.d
cp "$2/journald.conf" /run/systemd/journald.conf.d/own.conf
/lib/systemd/systemd-journald &
tries=100
until [ -S /run/systemd/journal/io.systemd.journal ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || exit 1
    sleep 0.1
done
app=$(dirname "$0")/journald_app.py
systemd-cat --identifier=shop "$3" "$app" output
journalctl --sync
"$3" "$app" socket
journalctl --sync
journalctl --directory=/run/log/journal --identifier=shop --output="$1" --no-pager >"$2/it.log"
