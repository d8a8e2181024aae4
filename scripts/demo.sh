#!/bin/sh
# The whole main job on one app: secrets, plan, apply, doctor. Run by `make demo`; may be run again.
set -eu
app=${1:?usage: scripts/demo.sh APP_DIR}
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$here/.venv/bin:$PATH"
show() { printf '\n$ %s\n' "$*"; "$@"; }

# Every declared secret without a value gets a random one: this environment is only for looking.
missing=$(encore-infra secret list --app "$app" --format json |
  python -c 'import json, sys; print("\n".join(s["name"] for s in json.load(sys.stdin)["secrets"] if not s["set_at"]))')
for name in $missing; do
  printf '\n$ ... | encore-infra secret set %s --app %s\n' "$name" "$app"
  python -c 'import secrets; print(secrets.token_hex(16), end="")' | encore-infra secret set "$name" --app "$app"
done

show encore-infra plan "$app"
show encore-infra apply "$app" --yes
show encore-infra doctor "$app"

cat <<EOF

The environment runs. Its runtime config: $app/.encore/infra/local/
  infra.config.json  runtime.pb  runtime.env (all variables of the app's process, 0600)

Start the app on it, as an image built with Encore's CLI:
  encore build docker --skip-config shop:local
  docker run --rm --network host --env-file $app/.encore/infra/local/runtime.env shop:local

See it:       .venv/bin/encore-infra status $app
Stop it:      .venv/bin/encore-infra stop $app       (the data stays; apply starts it again)
Remove it:    .venv/bin/encore-infra destroy $app
EOF
