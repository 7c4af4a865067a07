# What a container prints: lines, one begun and ended later, and one that is longer than what is read at once.
echo '{"level":"info","msg":"started"}'
echo 'disk nearly full' >&2
sleep 0.1
printf 'order 17 is '
sleep 0.1
echo 'payment refused' >&2
sleep 0.1
echo 'on its way'
echo
printf 'Traceback (most recent call last):\n  File "/srv/app/main.py", line 7, in <module>\nKeyError: %s\n' "'total'" >&2
sleep 0.1
head -c 8200 /dev/zero | tr '\0' x
echo
printf 'ended without a line feed'
