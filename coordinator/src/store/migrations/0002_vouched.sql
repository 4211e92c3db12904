-- Which units rest on the word of a host, so that they are found again if it turns out to be a liar.
-- Of what was granted before this table, whoever was paid; whose checkpoints they went on from is
-- not known any more.
create table vouched (
    host integer not null,
    unit integer not null,
    primary key (host, unit)
) strict, without rowid;
insert into vouched (host, unit) select distinct host, unit from ledger;
