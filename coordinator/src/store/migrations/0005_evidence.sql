-- Proofs that hosts contradicted what they had signed: the first one of each host.
create table evidence (
    host integer primary key,
    body blob    not null
) strict;
