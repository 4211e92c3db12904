-- From which public address block each host was last heard, 3 or 6 bytes; null on own networks, and
-- where nobody has been heard since.
alter table host add column block blob;
drop index host_standing;
create index host_standing on host (compared, seen_at, volunteer, block) where compared > 0;
