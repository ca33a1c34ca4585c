-- +goose Up

-- The Meta apps that channels belong to.
create table apps (
    id         text    not null primary key,
    created_at integer not null
) strict;

-- The sealing keys that sealed columns may name. A key in use cannot be deleted.
create table keys (
    id          text    not null primary key,
    check_value blob    not null, -- a known text, sealed: proves that a keyset fits
    created_at  integer not null
) strict;

-- One row for each connected account. Times are UTC milliseconds, null: unknown.
create table channels (
    id              integer not null primary key autoincrement, -- never reused
    app             text    not null references apps (id),
    tenant          text    not null,
    provider        text    not null,
    account_id      text    not null,
    app_scoped_id   text    not null,
    username        text    not null,
    contact         text    not null,
    locale          text    not null,
    status          text    not null,
    reason          text    not null,
    permissions     text    not null, -- JSON list of text
    token_kind      text    not null,
    token_sealed    blob,
    token_key       text    references keys (id),
    token_fp        text    not null,
    issued_at       integer,
    expires_at      integer,
    expiry_source   text    not null,
    prev_sealed     blob,
    prev_key        text    references keys (id),
    prev_kind       text    not null,
    prev_issued_at  integer,
    prev_expires_at integer,
    prev_source     text    not null,
    refused_fp      text    not null,
    imported_fp     text    not null,
    refreshed_at    integer,
    next_attempt_at integer,
    last_attempt_at integer,
    hold_until      integer,
    attempts        integer not null,
    error_class     text, -- null: no error
    error_code      integer,
    error_subcode   integer,
    error_message   text,
    error_trace_id  text,
    error_at        integer,
    created_at      integer not null,
    updated_at      integer not null,
    version         integer not null,
    lease_owner     text    not null default '',
    lease_until     integer, -- null: free
    lease_seq       integer not null default 0,
    check ((token_sealed is null) = (token_key is null)),
    check ((prev_sealed is null) = (prev_key is null))
) strict;

create unique index channels_account on channels (app, account_id) where account_id <> '';
create index channels_scoped on channels (app, app_scoped_id) where app_scoped_id <> '';
create index channels_imported on channels (imported_fp) where imported_fp <> '';
create index channels_due on channels (next_attempt_at) where status in ('connected', 'paused') and next_attempt_at is not null;
create index channels_stats on channels (token_kind, status, expires_at);
create index channels_unwell on channels (status, id) where status <> 'connected';

-- What happened to each channel; only ever added to.
create table events (
    id         integer not null primary key,
    channel_id integer not null references channels (id),
    at         integer not null,
    type       text    not null,
    reason     text    not null,
    error      text, -- JSON object
    data       text  -- JSON object of text
) strict;

create index events_channel on events (channel_id, id);

-- The fleet brake of each app.
create table brakes (
    app           text    not null primary key references apps (id),
    closed        integer not null,
    signature     text    not null,
    reason        text    not null,
    closed_at     integer,
    next_probe_at integer,
    probes        integer not null,
    paused_until  integer,
    version       integer not null
) strict;
