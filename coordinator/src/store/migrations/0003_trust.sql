-- For jobs with a confidence: whose turn a unit is, when that is drawn, who is of standing, and what
-- each host answered of a job. Whoever enrolled before has been compared with nobody.
alter table unit add column turn_host integer;
alter table unit add column draw_at integer;
create index unit_turn on unit (turn_host, id) where turn_host is not null;
create index unit_draw on unit (draw_at, id) where draw_at is not null;

alter table host add column volunteer integer not null default 0;
alter table host add column compared integer not null default 0;
alter table host add column seen_at integer not null default 0;
create index host_standing on host (compared, seen_at, volunteer) where compared > 0;

create table part (
    job      integer not null,
    host     integer not null,
    believed integer not null,
    audited  integer not null,
    primary key (job, host)
) strict, without rowid;
