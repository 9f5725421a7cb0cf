"""START HERE. The whole app, assembled: which features there are, and what fulfils each port."""

from __future__ import annotations

from functools import partial

from flask import Flask
from sqlalchemy.orm import Session as SqlSession

from zhixun import migrations
from zhixun.adapters.backups.age import AgeBackups
from zhixun.adapters.blob_store.files import FileStore
from zhixun.adapters.busy_calendars import FilesAndCollections
from zhixun.adapters.busy_calendars.caldav import Collections
from zhixun.adapters.busy_calendars.ics import IcsAddresses
from zhixun.adapters.ice_servers.coturn import Coturn
from zhixun.adapters.ice_servers.host_only import HostOnly
from zhixun.adapters.interaction_log.mongodb import MongoLog
from zhixun.adapters.interaction_log.sql import SqlLog
from zhixun.adapters.key_ring.file import FileRing
from zhixun.adapters.key_ring.given import GivenRing
from zhixun.adapters.mailer.console import ConsoleMailer
from zhixun.adapters.mailer.smtp import MailServer, SmtpMailer
from zhixun.adapters.passage_index.tantivy import TantivyPassages
from zhixun.adapters.payment_gateway.sandbox import SandboxGateway
from zhixun.adapters.realtime_hub.memory import MemoryHub
from zhixun.adapters.realtime_hub.postgres import PostgresHub
from zhixun.adapters.search_index.elasticsearch import ElasticsearchIndex
from zhixun.adapters.search_index.tantivy import TantivyIndex
from zhixun.adapters.text_model.extractive import ExtractiveModel
from zhixun.adapters.text_model.openai import ModelServer, OpenAiModel
from zhixun.adapters.trainer.local import LocalTrainer
from zhixun.adapters.typesetter.typst import TypstTypesetter
from zhixun.adapters.webhook_sender.http import HttpSender
from zhixun.features.accounts import queries as account_queries
from zhixun.features.accounts import rules as account_rules
from zhixun.features.accounts.feature import feature as accounts
from zhixun.features.admin.feature import feature as admin
from zhixun.features.admin.ports import Backups
from zhixun.features.api.actions import use_key
from zhixun.features.api.feature import feature as api
from zhixun.features.api.rules import TOKEN_MARK
from zhixun.features.assistant.feature import feature as assistant
from zhixun.features.assistant.ports import PassageIndex, TextModel
from zhixun.features.behaviour import queries as behaviour_queries
from zhixun.features.behaviour.feature import feature as behaviour
from zhixun.features.behaviour.ports import InteractionLog
from zhixun.features.booking.feature import feature as booking
from zhixun.features.booking.ports import CalendarCopies, HouseAddress
from zhixun.features.calls.feature import feature as calls
from zhixun.features.calls.ports import IceServers
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.catalog.feature import feature as catalog
from zhixun.features.credentials.feature import feature as credentials
from zhixun.features.crm.feature import feature as crm
from zhixun.features.disputes.feature import feature as disputes
from zhixun.features.instant.feature import feature as instant
from zhixun.features.ledger.feature import feature as ledger
from zhixun.features.loyalty.feature import feature as loyalty
from zhixun.features.messaging.feature import feature as messaging
from zhixun.features.notifications import queries as notice_queries
from zhixun.features.notifications.feature import feature as notifications
from zhixun.features.notifications.ports import House, Mailer
from zhixun.features.pages.feature import feature as pages
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.feature import feature as payments
from zhixun.features.payments.ports import PaymentGateways
from zhixun.features.payouts.feature import feature as payouts
from zhixun.features.plans.feature import feature as plans
from zhixun.features.privacy.feature import feature as privacy
from zhixun.features.profiles.feature import feature as profiles
from zhixun.features.quality.feature import feature as quality
from zhixun.features.recommend.feature import feature as recommend
from zhixun.features.recommend.ports import Trainer
from zhixun.features.scheduling.feature import feature as scheduling
from zhixun.features.scheduling.ports import BusyCalendars
from zhixun.features.search.feature import feature as search
from zhixun.features.search.ports import SearchIndex
from zhixun.features.waitlist.feature import feature as waitlist
from zhixun.features.webhooks.feature import feature as webhooks
from zhixun.features.webhooks.ports import WebhookSender
from zhixun.kernel import database, outbox, personal, vault
from zhixun.kernel.feature import Feature
from zhixun.kernel.papers import Typesetter
from zhixun.kernel.ports import BlobStore, KeyRing, RealtimeHub
from zhixun.kernel.services import provide
from zhixun.kernel.tables import Session
from zhixun.kernel.values import Actor, utc_now
from zhixun.settings import Settings
from zhixun.web import health, languages, live, security, shell

FEATURES: tuple[Feature, ...] = (
    accounts,
    privacy,
    behaviour,
    catalog,
    credentials,
    scheduling,
    ledger,
    payments,
    payouts,
    loyalty,
    plans,
    booking,
    waitlist,
    messaging,
    calls,
    quality,
    disputes,
    search,
    profiles,
    recommend,
    instant,
    notifications,
    webhooks,
    crm,
    assistant,
    api,
    admin,
    pages,
)


def create_app(settings: Settings, conninfo: str) -> Flask:
    """Connect to the database, fulfil the ports, subscribe the handlers, and build the web application."""
    connect(settings, conninfo)
    return build_web(settings)


def connect(settings: Settings, conninfo: str) -> None:
    """All that a process has once, whatever it does: the database, the vault, the ports, who listens to which fact, and
    what the web is told about who comes and what there is."""
    database.connect(conninfo)
    unlock_vault(settings)
    fulfil_ports(settings, conninfo)
    subscribe_all()
    security.identify_with(partial(_who_holds, settings.desk_second_factor))
    shell.count_notices_with(_unread_notices)
    shell.ask_consent_with(_agreed_to_be_seen)
    shell.ask_rights_with(account_rules.may)
    shell.call_people_with(lambda db, people: catalog_queries.called(db, people, languages.language()))
    shell.offer_panels(feature.panels for feature in FEATURES)
    shell.offer_row_panels(feature.row_panels for feature in FEATURES)
    shell.offer_menu(entry for feature in FEATURES for entry in feature.menu)
    sockets = {kind: run for feature in FEATURES for kind, run in feature.sockets.items()}
    live.configure(sockets, rate_limits=settings.rate_limits)


def build_web(settings: Settings) -> Flask:
    """The web application over what is connected; it knows its settings and its addresses, and nothing of the database."""
    app = Flask("zhixun", root_path=str(shell.ROOT), template_folder="templates", static_folder=None)
    app.secret_key = settings.key()
    shell.install(app, secure=settings.secure, rate_limits=settings.rate_limits, demo=settings.demo)
    app.config["PRIVATE_WEBHOOKS"] = _speaks_to_its_own_network(settings)
    app.config["PAYMENT_GATEWAYS"] = settings.payment_gateways
    health.install(app, in_shape=lambda db: migrations.is_current(db.connection()), figures=_figures)
    app.config["PUBLIC_URL"] = settings.public_url
    app.config["KNOWN_AS"] = settings.known_as
    app.config["HOUSE_ZONE"] = settings.zone
    for feature in FEATURES:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
    return app


def unlock_vault(settings: Settings) -> None:
    """Say where the master keys are. Everything that touches sealed columns needs it, migrations included."""
    ring = GivenRing(settings.keys) if settings.keys else FileRing(settings.data_dir / "keys")
    provide(KeyRing, ring)
    vault.unlock(ring)


def fulfil_ports(settings: Settings, conninfo: str) -> None:
    """Choose the adapter behind each port. Every choice is a line here and a setting in settings.py."""
    provide(Backups, AgeBackups(settings.data_dir, conninfo, settings.postgres_bin, settings.backup_recipient))
    collections = Collections(private_allowed=_speaks_to_its_own_network(settings))
    files = IcsAddresses(private_allowed=_speaks_to_its_own_network(settings))
    provide(BusyCalendars, FilesAndCollections(files, collections))
    provide(CalendarCopies, collections)
    provide(HouseAddress, HouseAddress(settings.public_url.rstrip("/")))
    provide(Mailer, _mailer(settings))
    provide(House, House(settings.public_url.rstrip("/"), settings.key()))
    provide(PaymentGateways, PaymentGateways({name: _gateway(name, settings) for name in settings.payment_gateways}))
    provide(SearchIndex, _search_index(settings))
    provide(WebhookSender, HttpSender(settings.key(), private_allowed=_speaks_to_its_own_network(settings)))
    provide(InteractionLog, SqlLog() if settings.interaction_log == "sql" else MongoLog(settings.mongodb_url))
    provide(BlobStore, FileStore(settings.data_dir / "blobs"))
    provide(IceServers, _ice_servers(settings))
    provide(PassageIndex, TantivyPassages(settings.data_dir / "passages"))
    provide(
        TextModel, ExtractiveModel() if settings.text_model == "extractive" else OpenAiModel(_model_server(settings))
    )
    provide(Trainer, LocalTrainer())
    provide(Typesetter, TypstTypesetter())
    provide(RealtimeHub, _hub(settings, conninfo))


def _search_index(settings: Settings) -> SearchIndex:
    if settings.search_index == "elasticsearch":
        return ElasticsearchIndex(settings.elasticsearch_url)
    return TantivyIndex(settings.data_dir / "search")


def subscribe_all() -> None:
    """Tell the outbox who listens to which fact and what the clock starts, and who sees to what when a person is
    erased: first the features above, which go by the names that those below let go of."""
    outbox.forget_all()
    personal.offer(holding for feature in reversed(FEATURES) for holding in feature.personal_data)
    for feature in FEATURES:
        for event_type, handlers in feature.handlers.items():
            for handler in handlers:
                outbox.subscribe(event_type, handler)
        for job in feature.jobs:
            outbox.start_by_clock(job)


def _hub(settings: Settings, conninfo: str) -> RealtimeHub:
    if settings.realtime_hub == "redis":
        from zhixun.adapters.realtime_hub.redis import RedisHub  # its library is an extra

        return RedisHub(settings.redis_url)
    return MemoryHub() if settings.realtime_hub == "memory" else PostgresHub(conninfo)


def _ice_servers(settings: Settings) -> IceServers:
    if not settings.turn_urls:
        return HostOnly(settings.stun_urls)
    return Coturn(
        turn_urls=settings.turn_urls, secret=settings.turn_secret, stun_urls=settings.stun_urls,
        relay_only=settings.turn_only,
    )  # fmt: skip


def _mailer(settings: Settings) -> Mailer:
    if settings.mailer == "console":
        return ConsoleMailer(shows_links=settings.demo)
    return SmtpMailer(_mail_server(settings))


def _mail_server(settings: Settings) -> MailServer:
    return MailServer(
        settings.smtp_host, settings.smtp_port, settings.mail_from, settings.smtp_user, settings.smtp_password,
        settings.smtp_tls,
    )  # fmt: skip


def _model_server(settings: Settings) -> ModelServer:
    return ModelServer(settings.text_model_url, settings.text_model_name, settings.text_model_key)


def _gateway(name: str, settings: Settings) -> SandboxGateway:
    assert name == "sandbox", "settings know no other"
    return SandboxGateway(settings.key(), settings.data_dir / "sandbox-journal.jsonl")


def _speaks_to_its_own_network(settings: Settings) -> bool:
    return settings.demo or settings.private_webhooks


def _figures(db: SqlSession) -> list[health.Gauge]:
    said = "What the newest checks of the last days found to differ between a payment gateway and us."
    return [
        health.Gauge("zhixun_reconciliation_differences", said, f'gateway="{gateway}"', count)
        for gateway, count in payment_queries.open_differences(db, utc_now()).items()
    ]


def _who_holds(desk_second_factor: bool, token: str) -> Actor | None:
    """Whose sign-in or key this is. Where the desk needs a second factor, who came without one is kept from it."""
    if token.startswith(TOKEN_MARK):
        actor = use_key(token)
    else:
        with Session() as db:
            actor = account_queries.actor_of_token(db, token, utc_now())
    if actor and desk_second_factor and actor.is_a("operator") and not actor.second_factor:
        return account_rules.without_desk(actor)
    return actor


def _unread_notices(user_id: str) -> int:
    with Session() as db:
        return notice_queries.unread_count(db, user_id)


def _agreed_to_be_seen(user_id: str) -> bool:
    with Session() as db:
        return behaviour_queries.may_collect(db, user_id)
