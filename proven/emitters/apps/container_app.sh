# What a container prints: lines, one begun and ended later, and one that is longer than what is read at once ($1 bytes).
echo '{"level":"info","msg":"started"}'
echo 'disk nearly full' >&2
sleep 0.1
printf 'order 17 is '
sleep 0.1
echo 'payment refused' >&2
sleep 0.1
echo 'on its way'
echo
printf '\033[32mINFO\033[0m in colour, <b> & é\n'
sleep 0.1
printf 'Traceback (most recent call last):\n  File "/srv/app/main.py", line 7, in <module>\nKeyError: %s\n' "'total'" >&2
sleep 0.1
head -c "${1:-8200}" /dev/zero | tr '\0' x
echo
printf 'ended without a line feed'
