-- The floor for concluding: the barest SQL that leaves the rows of one purchase, from the buyer's signature to granted
-- access, with everything the market records beside it. Primary keys only, logged tables, fsync as the server has it.
-- One transaction for each of the market's: the signature, the trade with its hold, the grant, the relay, five notices,
-- and the end of each mail's job. pgbench runs the part below the marker.
DROP SCHEMA IF EXISTS conclude_floor CASCADE;
CREATE SCHEMA conclude_floor;
SET search_path = conclude_floor;
CREATE TABLE negotiation (id bigint PRIMARY KEY, state text NOT NULL);
CREATE TABLE signature (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, negotiation bigint NOT NULL, payload jsonb NOT NULL);
CREATE TABLE agreement (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, negotiation bigint NOT NULL, payload jsonb NOT NULL);
CREATE TABLE evidence (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject text NOT NULL, payload jsonb NOT NULL);
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject text NOT NULL, payload jsonb NOT NULL);
CREATE TABLE inbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject text NOT NULL, handler text NOT NULL, state text NOT NULL);
CREATE TABLE feed (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organisation bigint NOT NULL, subject text NOT NULL);
CREATE TABLE trade (id bigint PRIMARY KEY, state text NOT NULL, payload jsonb NOT NULL);
CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, trade bigint NOT NULL);
CREATE TABLE posting (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account bigint NOT NULL, amount bigint NOT NULL);
CREATE TABLE balance (account bigint PRIMARY KEY, amount bigint NOT NULL);
CREATE TABLE entitlement (id bigint PRIMARY KEY, payload jsonb NOT NULL);
CREATE TABLE inspection (id bigint PRIMARY KEY, payload jsonb NOT NULL);
CREATE TABLE distribution (id bigint PRIMARY KEY, payload jsonb NOT NULL);
CREATE TABLE notice (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload jsonb NOT NULL);
CREATE TABLE task (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject bigint NOT NULL, payload jsonb NOT NULL);
CREATE TABLE mail (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject bigint NOT NULL, state text NOT NULL, content text NOT NULL);
CREATE INDEX mail_subject ON mail (subject);
CREATE TABLE job (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject bigint NOT NULL, state text NOT NULL);
CREATE INDEX job_subject ON job (subject);
CREATE SEQUENCE purchase;
INSERT INTO balance SELECT account, 0 FROM generate_series(1, 2000) AS account;
CREATE FUNCTION facts(bytes int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_build_object('facts', repeat('x', bytes)) $$;
-- START OF ONE PURCHASE
\set buyer random(1, 1000)
SELECT nextval('conclude_floor.purchase') AS id \gset
INSERT INTO conclude_floor.negotiation VALUES (:id, 'agreed');
BEGIN;
UPDATE conclude_floor.negotiation SET state = 'finalized' WHERE id = :id;
INSERT INTO conclude_floor.signature (negotiation, payload) VALUES (:id, conclude_floor.facts(500));
INSERT INTO conclude_floor.agreement (negotiation, payload) VALUES (:id, conclude_floor.facts(4000));
INSERT INTO conclude_floor.evidence (subject, payload) SELECT :id::text, conclude_floor.facts(300) FROM generate_series(1, 3);
INSERT INTO conclude_floor.event (subject, payload) SELECT :id::text, conclude_floor.facts(400) FROM generate_series(1, 2);
END;
BEGIN;
INSERT INTO conclude_floor.inbox (subject, handler, state) SELECT :id::text, 'app.handlers.on_event', 'pending' FROM generate_series(1, 9);
INSERT INTO conclude_floor.feed (organisation, subject) SELECT :buyer, :id::text FROM generate_series(1, 12);
END;
BEGIN;
INSERT INTO conclude_floor.trade VALUES (:id, 'secured', conclude_floor.facts(600));
INSERT INTO conclude_floor.entry (trade) VALUES (:id);
INSERT INTO conclude_floor.posting (account, amount) VALUES (:buyer, -100), (:buyer + 1000, 100);
UPDATE conclude_floor.balance SET amount = amount - 100 WHERE account = :buyer;
UPDATE conclude_floor.balance SET amount = amount + 100 WHERE account = :buyer + 1000;
INSERT INTO conclude_floor.evidence (subject, payload) SELECT :id::text, conclude_floor.facts(300) FROM generate_series(1, 2);
INSERT INTO conclude_floor.event (subject, payload) SELECT :id::text, conclude_floor.facts(400) FROM generate_series(1, 2);
UPDATE conclude_floor.inbox SET state = 'handled' WHERE id = (SELECT max(id) FROM conclude_floor.inbox);
END;
BEGIN;
INSERT INTO conclude_floor.entitlement VALUES (:id, conclude_floor.facts(400));
INSERT INTO conclude_floor.inspection VALUES (:id, conclude_floor.facts(200));
INSERT INTO conclude_floor.distribution VALUES (:id, conclude_floor.facts(300));
INSERT INTO conclude_floor.evidence (subject, payload) VALUES (:id::text, conclude_floor.facts(300));
INSERT INTO conclude_floor.event (subject, payload) VALUES (:id::text, conclude_floor.facts(300));
UPDATE conclude_floor.inbox SET state = 'handled' WHERE id = (SELECT max(id) FROM conclude_floor.inbox);
END;
BEGIN;
INSERT INTO conclude_floor.notice (payload) SELECT conclude_floor.facts(500) FROM generate_series(1, 3);
INSERT INTO conclude_floor.task (subject, payload) SELECT :id, conclude_floor.facts(300) FROM generate_series(1, 3);
INSERT INTO conclude_floor.mail (subject, state, content) SELECT :id, 'queued', repeat('x', 600) FROM generate_series(1, 6);
INSERT INTO conclude_floor.job (subject, state) SELECT :id, 'queued' FROM generate_series(1, 6);
END;
UPDATE conclude_floor.job SET state = 'running' WHERE subject = :id;
BEGIN;
UPDATE conclude_floor.mail SET state = 'sent' WHERE subject = :id;
UPDATE conclude_floor.job SET state = 'done' WHERE subject = :id;
END;
