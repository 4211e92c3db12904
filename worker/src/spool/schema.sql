-- Messages are stored as they were on the wire: protobuf readers skip what they do not know.
create table enrolment (
    one integer primary key check (one = 1),
    coordinator text not null,
    host integer not null
) strict;

create table job (
    id integer primary key,
    message blob not null
) strict;

create table lease (
    job integer not null,
    unit integer not null,
    number integer not null,
    message blob not null,
    checkpoint blob,
    primary key (job, unit, number)
) strict, without rowid;

-- In the order of finishing, which is the order of reporting.
create table report (
    id integer primary key,
    job integer not null,
    unit integer not null,
    number integer not null,
    message blob not null,
    unique (job, unit, number)
) strict;
