"""One environment opened: its account, its state, the engine that works on it.

In: a target, and the doors to what lies outside. Out: a :class:`Site`, from which a deployment and
what the program is given follow. Opening asks AWS whose the credentials are and changes nothing.
Pulumi is loaded where it is used, since a list of secrets needs none of its two seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from encore_aws import state_mark, state_store
from encore_aws.account import Account, open_account
from encore_aws.given import Files, Given
from encore_aws.naming import Names
from encore_aws.offline import names_of
from encore_aws.remembered import remembered
from encore_aws.secret_store import AwsSecrets
from encore_aws.settings import Settings, settings
from encore_aws.state_key import find_key
from encore_aws.state_place import Place, parse
from encore_provisioner.errors import RefusedError
from encore_provisioner.provider import Target
from encore_provisioner.user_cache import default_folder

if TYPE_CHECKING:
    from encore_aws.program import Program
    from encore_provisioner.engine.command import Command, OnInterrupt
    from encore_provisioner.engine.deployment import Deployment, Folders

_MADE: Final = Place(kind="made")
_BUCKETS: Final = ("s3://", "gs://")
_PACKED: Final = {"PULUMI_DIY_BACKEND_GZIP": "true"}
"""The whole state is written twice for each resource; packed it is a twentieth of the bytes."""
_PASSPHRASES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """``environ``: of this process; it also chooses where AWS's trust store is looked for."""

    environ: Mapping[str, str]


def real_doors() -> Doors:
    return Doors(environ=dict(os.environ))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``place``: where the state is kept, as the environment file says it."""

    target: Target
    settings: Settings
    names: Names
    account: Account
    place: Place
    doors: Doors

    @property
    def name(self) -> str:
        return self.settings.environment

    @property
    def folders(self) -> Folders:
        """Pulumi's own folder is shared by all apps; without a cache each environment has one."""
        from encore_provisioner.engine.deployment import Folders

        work = self.target.state_dir / "pulumi"
        cache = default_folder(self.doors.environ)
        return Folders(work=work, home=(cache or work) / "pulumi" / "home")

    def secrets(self) -> AwsSecrets:
        declared = {item.name: item.services for item in self.target.graph.secrets}
        return AwsSecrets(
            self.account, self.names, declared=declared, adopted=self.settings.adopt.secrets
        )


def open_site(target: Target, doors: Doors) -> Site:
    """Raises ``EnvironmentFileError``, ``AwsError``, ``RefusedError`` (``wrong-account``)."""
    chosen = settings(target.environment)
    place = parse(chosen.entry.state, root=target.root, where=f"environments.{chosen.environment}")
    _refuse_no_passphrase(doors.environ)
    return Site(
        target=target,
        settings=chosen,
        names=names_of(target, chosen),
        account=open_account(chosen),
        place=place,
        doors=doors,
    )


def look(site: Site) -> state_store.Backend | None:
    """Where the state is or, with ``is_begun`` False, would be; None where there is no such place
    yet. Changes nothing.
    """
    return state_store.look(site.place, site.names, site.account)


def begun(site: Site) -> state_store.Backend | None:
    """Where the state is; None before the first apply. Changes nothing."""
    found = look(site)
    return found if found is not None and found.is_begun else None


def ensure(site: Site) -> state_store.Backend:
    """Where the state is, made as far as it is missing."""
    return state_store.ensure(site.place, site.names, site.account)


def files(site: Site, backend: state_store.Backend | None, *, make: bool = False) -> Files | None:
    """Where migrations lie for the function: beside the state; where that is not in S3, in the
    bucket that it would be in otherwise. None where there is no such bucket yet.

    ``make``: make what is missing.
    """
    found = backend
    if found is None or not found.bucket:
        found = (
            state_store.ensure(_MADE, site.names, site.account)
            if make
            else state_store.look(_MADE, site.names, site.account)
        )
    if found is None:
        return None
    # A bucket that a person named may belong to another account.
    owner = None if site.place.kind == "s3" else site.account.id
    return Files(bucket=found.bucket, prefix=found.prefix, key=key(site, found), owner=owner)


def key(site: Site, backend: state_store.Backend) -> str | None:
    """The ARN of the key beside the state, which who only looks at it was not told of."""
    return backend.key or find_key(state_store.alias(site.names), site.account)


def mark(site: Site, backend: state_store.Backend | None, deployment: Deployment) -> str:
    """Of what the state says now: see ``Plan.basis``. Raises ``InfraError``."""
    quick = state_mark.mark(backend, site.target.app_id, site.name, site.account)
    return quick or deployment.fingerprint()


def program(site: Site, given: Given) -> Program:
    """The program, with its function's zip in the work folder, where the engine looks for it."""
    from encore_aws import bundle
    from encore_aws.program import Program, normalise

    wanted = normalise(site.target.graph, site.settings, site.names)
    if wanted.function is not None:
        bundle.write(bundle.build(), site.folders.work)
    return Program(wanted, site.settings, site.names, given)


def given(site: Site, where: Files | None, certificates: Mapping[str, str]) -> Given:
    from encore_aws.permissions import granted

    return Given(
        certificates=certificates,
        files=where,
        permissions=remembered(granted(site.target.graph, site.settings)),
    )


def deploy(
    site: Site, backend: state_store.Backend, *, on_interrupt: OnInterrupt = lambda _: None
) -> Deployment:
    """The environment's stack. Raises ``InfraError`` (``no-engine``)."""
    from encore_provisioner.engine import deployment

    return deployment.Deployment(
        project=site.target.app_id,
        stack=site.name,
        backend=deployment.Backend(
            url=backend.url,
            secrets_provider=_secrets_provider(site, backend),
            variables=_PACKED if backend.url.startswith(_BUCKETS) else {},
        ),
        folders=site.folders,
        command=command(site, on_interrupt),
    )


def command(site: Site, on_interrupt: OnInterrupt = lambda _: None) -> Command:
    from encore_provisioner.engine import installation
    from encore_provisioner.engine.command import Command

    found = installation.find(site.doors.environ)
    return Command(found, environ=site.doors.environ, on_interrupt=on_interrupt)


def _secrets_provider(site: Site, backend: state_store.Backend) -> str | None:
    """A passphrase where the person gives one, as Pulumi's own users do; it counts when the state
    is made, and afterwards the state itself says what it is encrypted with.
    """
    if backend.secrets_provider is not None and any(map(site.doors.environ.get, _PASSPHRASES)):
        return "passphrase"
    return backend.secrets_provider


def _refuse_no_passphrase(environ: Mapping[str, str]) -> None:
    """Pulumi takes an empty one, and whoever finds the state can then read it."""
    for name in _PASSPHRASES:
        if environ.get(name) == "":
            raise RefusedError(
                f"{name} is set and empty: everybody could read the secrets of the state",
                code="empty-passphrase",
                hint=f"unset {name}, and a key of AWS's KMS encrypts them; or give it a value",
            )
