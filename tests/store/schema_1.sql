BEGIN TRANSACTION;
CREATE TABLE claims (
	job VARCHAR NOT NULL, 
	due BIGINT NOT NULL, 
	nominal VARCHAR NOT NULL, 
	first_due BIGINT NOT NULL, 
	count BIGINT NOT NULL, 
	run_id VARCHAR NOT NULL, 
	PRIMARY KEY (job, due)
)
 WITHOUT ROWID

;
INSERT INTO "claims" VALUES('scan',1768010400000000,'2026-01-10T04:00:00',1768010400000000,1,'5h3knp80002jnaw');
INSERT INTO "claims" VALUES('scan',1768017600000000,'2026-01-10T06:00:00',1768017600000000,1,'5h3thdg0004jnaw');
INSERT INTO "claims" VALUES('sync',1768014000000000,'2026-01-10T05:00:00',1768014000000000,1,'5h3q3hw0003jnaw');
CREATE TABLE eras (
	seq INTEGER NOT NULL, 
	job VARCHAR NOT NULL, 
	schedule TEXT NOT NULL, 
	zone VARCHAR NOT NULL, 
	since BIGINT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "eras" VALUES(1,'scan','Every 2 hours','Europe/Riga',1768006800000000);
INSERT INTO "eras" VALUES(2,'sync','Daily at 5:00 AM','Europe/Riga',1768006800000000);
CREATE TABLE generations (
	seq INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	accepted_at BIGINT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "generations" VALUES(1,'schedules.yaml',1768006800000000,'timezone: Europe/Riga
limits:
  tmdb: 5 per day
schedules:
  scan: every 2 hours
  sync: daily at 5 AM
');
CREATE TABLE latest (
	job VARCHAR NOT NULL, 
	claimed BIGINT, 
	run_id VARCHAR, 
	run_attempt INTEGER, 
	completed_at BIGINT, 
	taken_at BIGINT, 
	PRIMARY KEY (job)
);
INSERT INTO "latest" VALUES('scan',1768017600000000,'5h3thdg0004jnaw',1,1768017600000000,1768017600000000);
INSERT INTO "latest" VALUES('sync',1768014000000000,'5h3q3hw0003jnaw',1,NULL,1768014000000000);
CREATE TABLE logs (
	seq INTEGER NOT NULL, 
	run_id VARCHAR NOT NULL, 
	attempt INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	level VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "logs" VALUES(1,'5h3knp80002jnaw',1,1768010400000000,'INFO','indexed 12 films');
INSERT INTO "logs" VALUES(2,'5h3thdg0004jnaw',1,1768017600000000,'INFO','indexed 12 films');
CREATE TABLE loops (
	id VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	pid BIGINT NOT NULL, 
	boot VARCHAR NOT NULL, 
	serves VARCHAR NOT NULL, 
	since BIGINT NOT NULL, 
	beat BIGINT NOT NULL, 
	beat_at BIGINT NOT NULL, 
	details TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema',1);
INSERT INTO "meta" VALUES('writes',0);
CREATE TABLE pauses (
	job VARCHAR NOT NULL, 
	since BIGINT NOT NULL, 
	until BIGINT, 
	note TEXT, 
	"by" VARCHAR, 
	PRIMARY KEY (job)
);
INSERT INTO "pauses" VALUES('sync',1768021200000000,NULL,'disk swap','a test');
CREATE TABLE runs (
	seq INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	attempt INTEGER NOT NULL, 
	job VARCHAR NOT NULL, 
	"trigger" VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	due BIGINT, 
	nominal VARCHAR, 
	missed BIGINT NOT NULL, 
	queue VARCHAR NOT NULL, 
	priority_at BIGINT NOT NULL, 
	priority_nominal VARCHAR NOT NULL, 
	"order" INTEGER NOT NULL, 
	not_before BIGINT, 
	reason TEXT, 
	owner VARCHAR, 
	cancel_reason TEXT, 
	requested_by VARCHAR, 
	queued_at BIGINT NOT NULL, 
	started_at BIGINT, 
	finished_at BIGINT, 
	items_done BIGINT, 
	items_total BIGINT, 
	error TEXT, 
	result TEXT, 
	"group" BIGINT, 
	PRIMARY KEY (seq), 
	UNIQUE (id, attempt)
);
INSERT INTO "runs" VALUES(1,'5h3knp80002jnaw',1,'scan','schedule','completed',1768010400000000,'2026-01-10T04:00:00',0,'default',1768010400000000,'2026-01-10T04:00:00',0,NULL,NULL,NULL,NULL,NULL,1768010400000000,1768010400000000,1768010400000000,NULL,NULL,NULL,'{"films": 12}',NULL);
INSERT INTO "runs" VALUES(2,'5h3q3hw0003jnaw',1,'sync','schedule','failed',1768014000000000,'2026-01-10T05:00:00',0,'default',1768014000000000,'2026-01-10T05:00:00',1,NULL,'OSError: gone',NULL,NULL,NULL,1768014000000000,1768014000000000,1768014000000000,NULL,NULL,'Traceback (most recent call last):
  File "/srv/app/aperture_plugin/testing/world.py", line 283, in handle
    return None if handler is None else handler(run)
                                        ^^^^^^^^^^^^
  File "/tmp/v1/make.py", line 8, in fail
    def fail(run): raise OSError("gone")
                   ^^^^^^^^^^^^^^^^^^^^^
OSError: gone',NULL,NULL);
INSERT INTO "runs" VALUES(3,'5h3thdg0004jnaw',1,'scan','schedule','completed',1768017600000000,'2026-01-10T06:00:00',0,'default',1768017600000000,'2026-01-10T06:00:00',0,NULL,NULL,NULL,NULL,NULL,1768017600000000,1768017600000000,1768017600000000,NULL,NULL,NULL,'{"films": 12}',NULL);
CREATE TABLE spends (
	"limit" VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	calls BIGINT NOT NULL, 
	PRIMARY KEY ("limit", at)
);
CREATE INDEX runs_of_job ON runs (job, seq);
CREATE INDEX runs_in_hand ON runs (seq) WHERE status IN ('queued', 'waiting', 'running');
CREATE INDEX runs_by_status ON runs (status, seq);
CREATE INDEX eras_of_job ON eras (job, seq);
CREATE INDEX logs_of_run ON logs (run_id, seq);
COMMIT;
