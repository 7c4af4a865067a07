"""Small programs in promtool's place."""

from __future__ import annotations

from pathlib import Path

from deployspec.tools.promtool import Promtool

BEHAVING = """#!/bin/sh
# Does what each test file's name says; answers deployspec's separator as promtool does.
echo "$*" >> "$(dirname "$0")/calls"
shift 2
status=0
for file in "$@"; do
    case "$file" in
    *separator.yml)
        printf '  WARNING: no file match pattern %s\\n  SUCCESS\\n\\n' "$(sed 's/.*"\\(\\/[0-9a-f]*\\)".*/\\1/' "$file")" ;;
    *pass*) printf 'Unit Testing:  %s\\n  SUCCESS\\n\\n' "$file" ;;
    *fail*) printf 'Unit Testing:  %s\\n  FAILED:\\n%s is wrong\\n\\n\\n' "$file" "$file"; status=1 ;;
    *hang*) echo begun; sleep 60 & wait ;;
    *kill*) kill -9 $$ ;;
    *crash*) echo 'panic: no space'; exit 2 ;;
    *once*) if [ -e "$file.tried" ]; then printf '  SUCCESS\\n\\n'; else : > "$file.tried"; exit 2; fi ;;
    *garbage*) echo 'all fine' ;;
    *grumble*) echo 'not fine'; exit 1 ;;
    *liar*) printf '  SUCCESS\\n\\n'; status=1 ;;
    *coward*) printf '  FAILED:\\nno\\n\\n' ;;
    *huge*) printf '  FAILED:\\n'; yes 'a line of an error that does not end' | head -c 8000000; printf '\\n\\n'; status=1 ;;
    esac
done
exit $status
"""


def program(folder: Path, text: str = BEHAVING, name: str = "promtool") -> Path:
    """An executable script."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def behaving(folder: Path) -> Promtool:
    """A promtool whose verdict on a test file is the file's name."""
    return Promtool(str(program(folder)), "2.42.0", frozenset())


def calls(promtool: Promtool) -> list[list[str]]:
    """The names of the test files of each call so far, separators left out."""
    path = Path(promtool.path).with_name("calls")
    lines = path.read_text().splitlines() if path.exists() else []
    return [[Path(word).name for word in line.split()[2:] if "separator" not in word] for line in lines]
