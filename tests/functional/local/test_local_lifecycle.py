"""A whole environment: planned, applied twice, changed, refused, destroyed."""

from __future__ import annotations

import contextlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.functional.local.conftest import Local
from tests.support.graphs import AppFolder, bucket, cache, secret, settings, subscription, topic

from encore_config.environment import Ports
from encore_local import LocalProvider
from encore_local.aws import Doors, open_doors
from encore_local.layout import Layout
from encore_local.secrets import S3_KEY, LocalSecrets
from encore_local.servers.ports import is_free
from encore_provisioner.errors import ApplyError, BusyError, RefusedError

PARTS = {
    "topics": (topic("placed"),),
    "subscriptions": (subscription("placed", "mail"),),
    "buckets": (bucket("files", versioned=True), bucket("Web", public=True)),
    "caches": (cache("main"), cache("Sessions", "noeviction")),
    "secrets": (secret("StripeKey"),),
}


@contextlib.contextmanager
def doors_of(app: AppFolder, local: Local) -> Iterator[Doors]:
    endpoint = local.provider.outputs(app.target)["aws"]["endpoint"]
    secrets = LocalSecrets(Layout(folder=app.target.state_dir).secrets, declared={})
    with contextlib.closing(open_doors(endpoint, secrets.generated(S3_KEY) or "")) as doors:
        yield doors


@pytest.fixture
def whole(app: AppFolder, local: Local) -> AppFolder:
    whole = app.but(databases={"orders": "default"}, **PARTS)
    whole.migration("orders", "1_create.up.sql", "CREATE TABLE orders (id int);")
    local.provider.secrets(whole.target).set("StripeKey", "sk_secret_value")
    return whole


def test_from_nothing_to_nothing(whole: AppFolder, local: Local) -> None:
    plan = local.plan(whole)
    assert plan.summary.create == 10
    assert not (whole.target.state_dir / "state.json").exists()
    # The same plan again, byte for byte, and nothing was started for it.
    assert local.plan(whole) == plan

    first = local.apply(whole)
    assert [step.op for step in local.plan(whole).steps] == ["same"] * 10
    state = (whole.target.state_dir / "state.json").read_bytes()
    assert local.apply(whole) == first == local.provider.outputs(whole.target)
    assert local.progress == []
    assert (whole.target.state_dir / "state.json").read_bytes() == state
    assert b"sk_secret_value" not in state
    assert "sk_secret_value" not in json.dumps(first)

    text = repr(local.provider.bindings(whole.target, first))
    secrets = json.loads((whole.target.state_dir / "secrets.json").read_text())
    for value in ("sk_secret_value", *secrets["generated"].values()):
        assert value not in text
        assert value not in state.decode()

    ports = [first["postgres"]["port"], first["aws"]["endpoint"].rpartition(":")[2]]
    assert local.destroy(whole) == ()
    assert not (whole.root / ".encore").exists()
    assert all(is_free(int(port)) for port in ports)
    assert local.provider.plan_destroy(whole.target).steps == ()
    assert local.destroy(whole) == ()


def test_removed_databases_and_buckets_are_refused_until_allowed(
    whole: AppFolder, local: Local
) -> None:
    local.apply(whole)
    with doors_of(whole, local) as doors:
        doors.s3.put("files", "a", b"1")
        doors.s3.put("files", "a", b"2")
        doors.s3.delete("files", "a")
    less = whole.but(databases={"other": None}, buckets=(bucket("Web", public=True),))
    plan = local.plan(less)
    assert plan.losses == ("bucket/files", "database/orders")
    with pytest.raises(RefusedError) as caught:
        local.apply(less)
    assert caught.value.code == "data-loss"
    assert caught.value.hint is not None
    assert "--allow-data-loss database/orders" in caught.value.hint
    assert "DATA LOSS" in caught.value.message
    with pytest.raises(RefusedError, match="database/orders"):
        local.apply(less, "bucket/files")
    assert local.plan(less) == plan

    outputs = local.apply(less, "bucket/files", "database/orders")
    assert sorted(outputs["databases"]) == ["other"]
    with doors_of(less, local) as doors:
        assert "files" not in doors.s3.list_buckets()
    assert local.changes(less) == []
    secrets = LocalSecrets(Layout(folder=whole.target.state_dir).secrets, declared={})
    assert secrets.generated("database/orders") is None


def test_an_empty_bucket_and_an_empty_cache_are_no_loss(whole: AppFolder, local: Local) -> None:
    local.apply(whole)
    less = whole.but(buckets=PARTS["buckets"][:1], caches=PARTS["caches"][:1])
    plan = local.plan(less)
    assert {(step.op, step.name) for step in plan.changes} == {
        ("delete", "Web"),
        ("delete", "cache/Sessions"),
    }
    assert plan.losses == ()
    local.apply(less)
    assert local.changes(less) == []
    assert "cache/Sessions" not in [s.name for s in local.provider.status(less.target)]


def test_a_server_that_nothing_needs_goes_with_its_contents(whole: AppFolder, local: Local) -> None:
    local.apply(whole)
    without = whole.but(databases={})
    plan = local.plan(without)
    assert [(s.op, s.name) for s in plan.changes] == [("delete", "orders"), ("delete", "postgres")]
    local.apply(without, "database/orders")
    assert not (whole.target.state_dir / "data" / "postgres").exists()
    assert local.changes(without) == []

    local.provider.stop(whole.target)
    nothing = without.but(buckets=(), topics=(), subscriptions=(), caches=())
    plan = local.plan(nothing)
    assert "bucket/files" in plan.losses
    local.apply(nothing, *plan.losses)
    assert local.changes(nothing) == []
    assert local.provider.status(nothing.target) == ()


def test_what_a_person_put_into_a_server_keeps_it(whole: AppFolder, local: Local) -> None:
    """Even from a stopped server, of which nothing but its folder is known."""
    small = whole.but(topics=(), subscriptions=(), caches=(), databases={})
    local.apply(small)
    with doors_of(small, local) as doors:
        doors.s3.create_bucket("somebody-elses")
        doors.s3.put("somebody-elses", "a", b"1")
        doors.s3.put("files", "a", b"2")
    local.provider.stop(small.target)
    (small.target.state_dir / "state.json").unlink()
    nothing = small.but(buckets=())
    assert [(s.op, s.name) for s in local.plan(nothing).changes] == [("delete", "aws")]
    with pytest.raises(ApplyError, match="still holds files, somebody-elses") as caught:
        local.apply(nothing)
    assert caught.value.code == "not-ours"
    # It runs now, and the app may have its bucket back.
    assert "files" not in [name for op, name in local.changes(small) if op == "create"]
    local.apply(small)
    with doors_of(small, local) as doors:
        assert doors.s3.get("files", "a") == b"2"
    plan = local.plan(nothing)
    assert plan.losses == ("bucket/files",)
    with pytest.raises(ApplyError, match="still holds somebody-elses,"):
        local.apply(nothing, *plan.losses)
    with doors_of(small, local) as doors:
        assert doors.s3.get("somebody-elses", "a") == b"1"


def test_missing_secrets_stop_an_apply_before_anything(whole: AppFolder, local: Local) -> None:
    more = whole.but(secrets=(secret("StripeKey"), secret("MailKey")))
    assert local.plan(more).missing_secrets == ("MailKey",)
    with pytest.raises(RefusedError) as caught:
        local.apply(more)
    assert caught.value.code == "missing-secrets"
    assert caught.value.hint == "encore-infra secret set MailKey"
    assert str(caught.value.at) == "shop/main.ts:3:14"
    assert not (whole.target.state_dir / "state.json").exists()
    assert not (whole.target.state_dir / "data" / "postgres").exists()


def test_a_plan_that_no_longer_fits_is_refused(whole: AppFolder, local: Local) -> None:
    plan = local.plan(whole)
    local.apply(whole)
    for stale, code in ((plan, "plan-stale"), (local.plan(whole, offline=True), "plan-offline")):
        with pytest.raises(RefusedError) as caught:
            local.provider.apply(whole.target, stale, on_progress=local.on_progress)
        assert caught.value.code == code


def test_an_offline_plan_asks_no_server(whole: AppFolder, local: Local) -> None:
    plan = local.plan(whole, offline=True)
    assert (plan.mode, plan.summary.create) == ("offline", 10)
    local.apply(whole)
    again = local.plan(whole.but(buckets=PARTS["buckets"][:1]), offline=True)
    assert [(s.op, s.name) for s in again.changes if s.op in ("create", "delete")] == [
        ("delete", "Web")
    ]


def test_stop_keeps_data_and_apply_puts_everything_back(whole: AppFolder, local: Local) -> None:
    first = local.apply(whole)
    with doors_of(whole, local) as doors:
        doors.s3.put("files", "kept", b"kept")
    assert local.provider.stop(whole.target) == ("aws", "cache/Sessions", "cache/main", "postgres")
    assert local.provider.stop(whole.target) == ()
    assert {s.state for s in local.provider.status(whole.target)} == {"stopped"}

    plan = local.plan(whole)
    reasons = {s.reason for s in plan.changes if s.type.startswith("local:server:")}
    assert reasons == {"not running"}
    assert {s.op for s in plan.changes} == {"update"}
    assert {s.state for s in local.provider.status(whole.target)} == {"stopped"}
    assert "queued messages" in " ".join(s.detail for s in local.provider.status(whole.target))

    assert local.apply(whole) == first
    assert local.changes(whole) == []
    with doors_of(whole, local) as doors:
        assert doors.s3.get("files", "kept") == b"kept"
        assert doors.s3.versioning("files")


def test_a_production_environment_is_destroyed_by_name_only(whole: AppFolder, local: Local) -> None:
    production = whole.but(environment=settings(type="production"))
    local.apply(production)
    with doors_of(production, local) as doors:
        doors.s3.put("files", "a", b"1")
    losses = local.provider.plan_destroy(production.target).losses
    # The caches and the other bucket are empty.
    assert losses == (
        "bucket/files",
        "database/orders",
        "subscription/placed/mail",
        "topic/placed",
    )
    with pytest.raises(RefusedError) as caught:
        local.destroy(production, *losses[1:])
    assert caught.value.code == "data-loss"
    assert losses[0] in caught.value.message
    assert {s.state for s in local.provider.status(production.target)} == {"running"}
    assert local.destroy(production, *losses) == ()


def test_one_apply_at_a_time(whole: AppFolder) -> None:
    errors: list[BaseException] = []
    outer = Local()

    def meanwhile(where: str) -> None:
        if where == "begun":
            with pytest.raises(BusyError) as caught:
                outer.apply(whole)
            errors.append(caught.value)

    Local(provider=LocalProvider(checkpoint=meanwhile)).apply(whole)
    (error,) = errors
    assert isinstance(error, BusyError)
    assert "(apply)" in error.message


def test_ports_are_kept_fixed_and_changed(whole: AppFolder, local: Local) -> None:
    first = local.apply(whole)
    moved = local.apply(whole, new_ports=True)
    old = {first["app"]["port"], first["postgres"]["port"]}
    assert not old & {moved["postgres"]["port"]}
    assert local.changes(whole) == []
    fixed = whole.but(environment=settings(ports=Ports(app=29123, postgres=29124)))
    assert local.changes(fixed) == [("update", "postgres")]
    outputs = local.apply(fixed)
    assert (outputs["app"]["port"], outputs["postgres"]["port"]) == (29123, 29124)
    assert outputs["aws"] == moved["aws"]


def test_a_copied_folder_gets_servers_of_its_own(
    whole: AppFolder, local: Local, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = local.apply(whole)
    with doors_of(whole, local) as doors:
        doors.s3.put("files", "a", b"original")
    root = tmp_path_factory.mktemp("copies") / "copy"
    shutil.copytree(whole.root, root)
    copy = AppFolder(root=root, databases=whole.databases, parts=whole.parts)
    assert {s.state for s in local.provider.status(copy.target)} == {"stopped"}
    try:
        second = local.apply(copy)
        assert second["postgres"]["port"] != first["postgres"]["port"]
        assert second["app"]["port"] != first["app"]["port"]
        with doors_of(copy, local) as theirs, doors_of(whole, local) as ours:
            assert theirs.s3.get("files", "a") == b"original"
            theirs.s3.put("files", "a", b"copy")
            assert ours.s3.get("files", "a") == b"original"
    finally:
        assert local.destroy(copy) == ()
    assert local.changes(whole) == []


def test_objects_of_a_public_bucket_are_readable_by_anyone(whole: AppFolder, local: Local) -> None:
    outputs = local.apply(whole)
    made = outputs["buckets"]["Web"]
    with doors_of(whole, local) as doors:
        doors.s3.put(made["bucket"], "logo.svg", b"<svg/>", content_type="image/svg+xml")
    with urllib.request.urlopen(f"{made['public_base_url']}/logo.svg") as answer:
        assert answer.read() == b"<svg/>"
    assert "public_base_url" not in outputs["buckets"]["files"]


def test_nothing_but_a_port_where_nothing_else_is_declared(app: AppFolder, local: Local) -> None:
    assert local.plan(app).steps == ()
    outputs = local.apply(app)
    assert set(outputs) == {"app"}
    assert local.provider.bindings(app.target, outputs).variables == {
        "PORT": str(outputs["app"]["port"])
    }


def test_what_was_never_applied_has_no_outputs(app: AppFolder, local: Local) -> None:
    with pytest.raises(RefusedError) as caught:
        local.provider.outputs(app.target)
    assert caught.value.code == "not-applied"
    assert not (Path(app.root) / ".encore").exists()
