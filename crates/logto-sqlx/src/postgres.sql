create table if not exists logto_entries (
    key text collate "C" primary key,
    version bigint not null,
    value bytea not null,
    ends_at timestamptz not null
);
create index if not exists logto_entries_ends_at on logto_entries (ends_at);
