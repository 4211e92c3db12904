-- Columns are what queries look for; everything else of a row is its body, a message private to
-- this store (see sqlite/body). Files of this folder are never edited, only added.

create table job (
    id        integer primary key,
    manifest  blob    not null unique,
    submitter blob    not null,
    state     integer not null,
    body      blob    not null
) strict;
create index job_by_submitter on job (submitter, id);
create index job_by_state on job (state, id);

-- id = job * 2^32 + index, so that one integer key orders units as the engine does.
create table unit (
    id       integer primary key,
    state    integer not null,
    ready_at integer,
    body     blob    not null
) strict;
create index unit_validated on unit (id) where state = 1;
create index unit_ready on unit (id, ready_at) where ready_at is not null;
create index unit_waking on unit (ready_at) where ready_at is not null;

create table host (
    id               integer primary key,
    key              blob    not null unique,
    next_deadline_at integer,
    body             blob    not null
) strict;
create index host_due on host (next_deadline_at) where next_deadline_at is not null;

create table volunteer (
    id        integer primary key,
    name      text unique,
    joined_at integer not null
) strict;

create table invite (
    token blob primary key,
    body  blob not null
) strict, without rowid;

create table account (
    key  blob primary key,
    body blob not null
) strict, without rowid;

-- Rows are only appended: seq counts from 1 without gaps.
create table ledger (
    seq        integer primary key,
    unit       integer not null,
    number     integer not null,
    host       integer not null,
    volunteer  integer not null,
    claim      integer not null,
    "grant"    integer not null,
    granted_at integer not null
) strict;

-- The ledger by job and host, so that a receipt does not read a row for every replica.
create table voucher (
    job       integer not null,
    host      integer not null,
    volunteer integer not null,
    replicas  integer not null,
    credit    integer not null,
    primary key (job, host)
) strict, without rowid;
