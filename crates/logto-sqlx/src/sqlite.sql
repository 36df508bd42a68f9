create table if not exists logto_entries (
    key text primary key,
    version integer not null,
    value blob not null,
    ends_at integer not null -- milliseconds since 1970
) without rowid;
create index if not exists logto_entries_ends_at on logto_entries (ends_at);
