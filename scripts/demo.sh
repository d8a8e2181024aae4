#!/bin/sh
# The whole main job on one app: secrets, plan, apply, doctor. Run by `make demo`; may be run again.
set -eu
app=${1:?usage: scripts/demo.sh APP_DIR}
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$here/.venv/bin:$PATH"
show() { printf '\n$ %s\n' "$*"; "$@"; }

# The shop sends no mail with the key "log-only"; everything else may be random.
value_of() {
  case $1 in
    EmailApiKey) printf %s log-only ;;
    *) python -c 'import secrets; print(secrets.token_hex(16), end="")' ;;
  esac
}

# Every declared secret without a value gets one: this environment is only for looking.
missing=$(encore-infra secret list --app "$app" --format json |
  python -c 'import json, sys; print("\n".join(s["name"] for s in json.load(sys.stdin)["secrets"] if not s["set_at"]))')
for name in $missing; do
  printf '\n$ ... | encore-infra secret set %s --app %s\n' "$name" "$app"
  value_of "$name" | encore-infra secret set "$name" --app "$app"
done

show encore-infra plan "$app"
show encore-infra apply "$app" --yes
show encore-infra doctor "$app"

cat <<EOF

The environment runs. Its runtime config: $app/.encore/infra/local/
  infra.config.json  runtime.pb  runtime.env (all variables of the app's process, 0600)

Start the app on it: build an image with "encore build docker --skip-config", and run it with
these variables (README, "Starting the app", has the command to copy).

See it:       .venv/bin/encore-infra status $app
Stop it:      .venv/bin/encore-infra stop $app       (the data stays; apply starts it again)
Remove it:    .venv/bin/encore-infra destroy $app
EOF
