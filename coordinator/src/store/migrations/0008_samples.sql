-- Answers that chance chose as soon as they were there, or that were voted on, apart from those that
-- were audited because they were owed. In jobs that were begun before, all of them count as audited.
alter table part add column sampled integer not null default 0;
