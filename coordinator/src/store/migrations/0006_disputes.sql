-- Disputes about units of step programs: when each is to be looked at, and who is called for a question
-- of it. Rows of ended disputes stay, with nothing due.
create table dispute (
    unit   integer primary key,
    due_at integer,
    body   blob not null
) strict;
create index dispute_due on dispute (due_at, unit) where due_at is not null;

create table called (
    unit integer not null,
    host integer not null,
    primary key (unit, host)
) strict, without rowid;
create index called_host on called (host, unit);
