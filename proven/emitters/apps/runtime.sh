#!/bin/sh
# What conmon takes for the runtime of a container: it starts a program without one, and says its process id.
verb=
pid_file=
while [ $# -gt 0 ]; do
    case $1 in
    --pid-file)
        pid_file=$2
        shift
        ;;
    create | start | delete | kill | state) verb=$1 ;;
    esac
    shift
done
[ "$verb" = create ] || exit 0
sh "$(dirname "$0")/container_app.sh" &
echo $! >"$pid_file"
