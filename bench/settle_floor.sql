-- The floor for settling: the barest SQL that leaves the rows of a posted cycle's payments and invoices, each with the data
-- of its document. Primary keys only, no guards, logged tables, fsync as the server has it, one transaction per step.
-- It reads the market's own postings, obligations, trades and organisations, and computes every number and every document;
-- the benchmark compares payments and documents with the market's afterwards. What it is given: the cycle, the operator,
-- the day, and the notes on documents (in the benchmark all are alike).
-- PREPARE
DROP SCHEMA IF EXISTS settle_floor CASCADE;
CREATE SCHEMA settle_floor;
CREATE TABLE settle_floor.payment (LIKE public.clearing_settlementinstruction, PRIMARY KEY (id));
CREATE TABLE settle_floor.invoice (LIKE public.clearing_invoice, PRIMARY KEY (id));
CREATE TABLE settle_floor.party (id bigint PRIMARY KEY, key text NOT NULL, document jsonb NOT NULL);
-- PAYMENTS
INSERT INTO settle_floor.payment (id, public_id, cycle_id, purpose, organisation_id, sequence, reference, restoration,
    direction, amount_minor, currency, state, planned_at, send_by, failure_reason, held_back)
SELECT s.sequence, 'stl_' || lpad(s.sequence::text, 26, '0'), %(cycle)s, 'cycle', s.organisation_id, s.sequence,
       'F-' || s.sequence, 0, 'out', s.minor, 'JPY', 'planned', now(), %(send_by)s, '', ''
  FROM (SELECT row_number() OVER (ORDER BY n.party_key) AS sequence, n.organisation_id, due.minor
          FROM public.clearing_netposition n
          JOIN (SELECT e.organisation_id, -sum(p.amount_minor) AS minor
                  FROM public.clearing_entry e JOIN public.clearing_posting p ON p.entry_id = e.id
                  JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'receivable'
                 WHERE e.cycle_id = %(cycle)s AND e.kind = 'cycle' GROUP BY 1) due
            ON due.organisation_id = n.organisation_id AND due.minor > 0
         WHERE n.cycle_id = %(cycle)s) s;
-- INVOICES
INSERT INTO settle_floor.party
SELECT id, corporate_number, jsonb_build_object('name', jsonb_build_object('ja', name_ja, 'en', name_en),
       'corporate_number', corporate_number, 'registration_number', invoice_registration_number, 'person', false,
       'country', country, 'country_name', '{"ja": "日本", "en": "Japan"}'::jsonb)
  FROM public.participants_organisation;
INSERT INTO settle_floor.invoice (id, public_id, purpose, kind, issuer_id, recipient_id, sequence, number, cycle_id,
    obligation_id, correction_reason, purchase_order, issued_on, currency, net_minor, tax_minor, total_minor, document)
SELECT s.id, 'inv_' || lpad(s.id::text, 26, '0'), 'purchase', 'invoice', s.seller_id, s.buyer_id, s.sequence, s.number,
       %(cycle)s, s.obligation, '', s.reference, %(today)s, 'JPY', s.amount_minor, s.tax_minor,
       s.amount_minor + s.tax_minor,
       jsonb_build_object('number', s.number, 'kind', 'invoice', 'issued_on', %(today)s::text,
           'supplied_on', s.supplied_on::text, 'supplied_from_on', NULL, 'issuer', s.issuer, 'recipient', s.recipient,
           'supplier', NULL, 'currency', 'JPY',
           'lines', jsonb_build_array(jsonb_build_object('description', jsonb_build_object(
                   'en', 'Provision of data under agreement ' || s.agreement,
                   'ja', 'データ提供（契約 ' || s.agreement || '）'),
               'amount_minor', s.amount_minor, 'tax_rate_bp', s.tax_rate_bp, 'reduced_rate', s.tax_category = 'reduced',
               'reference', s.trade, 'purchase_order', s.reference, 'supplied_on', s.supplied_on::text,
               'original', NULL)),
           'totals', jsonb_build_array(jsonb_build_object('tax_rate_bp', s.tax_rate_bp, 'net_minor', s.amount_minor,
               'tax_minor', s.tax_minor)),
           'total_minor', s.amount_minor + s.tax_minor, 'purchase_order', s.reference, 'exempt_from_issue', false,
           'correction', NULL, 'notes', %(sale_notes)s::jsonb)
  FROM (SELECT row_number() OVER (ORDER BY t.id) AS id, numbered.sequence,
               seller.key || '-' || lpad(numbered.sequence::text, 6, '0') AS number, o.id AS obligation, o.amount_minor,
               o.tax_minor, o.tax_rate_bp, t.seller_id, t.buyer_id, t.reference, t.supplied_on, t.agreement,
               t.tax_category, t.public_id AS trade, seller.document AS issuer, buyer.document AS recipient
          FROM public.clearing_obligation o JOIN public.clearing_trade t ON t.id = o.trade_id
          JOIN (SELECT id, row_number() OVER (PARTITION BY seller_id ORDER BY id) AS sequence
                  FROM public.clearing_trade WHERE cycle_id = %(cycle)s) numbered ON numbered.id = t.id
          JOIN settle_floor.party seller ON seller.id = t.seller_id JOIN settle_floor.party buyer ON buyer.id = t.buyer_id
         WHERE o.cycle_id = %(cycle)s AND o.kind = 'purchase') s;
INSERT INTO settle_floor.invoice (id, public_id, purpose, kind, issuer_id, recipient_id, sequence, number, cycle_id,
    correction_reason, purchase_order, issued_on, currency, net_minor, tax_minor, total_minor, document)
SELECT %(sales)s + s.sequence, 'inv_' || lpad((%(sales)s + s.sequence)::text, 26, '0'), 'fee', 'invoice', %(operator)s,
       s.recipient_id, s.sequence, s.number, %(cycle)s, '', '', %(today)s, 'JPY', s.net_minor, s.tax_minor,
       s.net_minor + s.tax_minor,
       jsonb_build_object('number', s.number, 'kind', 'invoice', 'issued_on', %(today)s::text,
           'supplied_on', s.last_on::text, 'supplied_from_on', CASE WHEN s.first_on <> s.last_on THEN s.first_on::text END,
           'issuer', s.issuer, 'recipient', s.recipient, 'supplier', NULL, 'currency', 'JPY', 'lines', s.lines,
           'totals', jsonb_build_array(jsonb_build_object('tax_rate_bp', 1000, 'net_minor', s.net_minor,
               'tax_minor', s.tax_minor)),
           'total_minor', s.net_minor + s.tax_minor, 'purchase_order', NULL, 'exempt_from_issue', false,
           'correction', NULL, 'notes', %(fee_notes)s::jsonb)
  FROM (SELECT f.*, row_number() OVER (ORDER BY f.recipient_id) AS sequence,
               operator.key || '-' || lpad((row_number() OVER (ORDER BY f.recipient_id))::text, 6, '0') AS number,
               f.net_minor * 1000 / 10000 AS tax_minor, operator.document AS issuer, party.document AS recipient
          FROM (SELECT o.debtor_id AS recipient_id, sum(o.amount_minor)::bigint AS net_minor,
                       min(t.fee_supplied_on) AS first_on, max(t.fee_supplied_on) AS last_on,
                       jsonb_agg(jsonb_build_object('description', jsonb_build_object(
                               'en', 'Market fee for trade ' || t.public_id, 'ja', '市場手数料（取引 ' || t.public_id || '）'),
                           'amount_minor', o.amount_minor, 'tax_rate_bp', o.tax_rate_bp, 'reduced_rate', false,
                           'reference', t.public_id, 'purchase_order', t.reference,
                           'supplied_on', t.fee_supplied_on::text, 'original', NULL)
                           ORDER BY t.business_key, o.id) AS lines
                  FROM public.clearing_obligation o JOIN public.clearing_trade t ON t.id = o.trade_id
                 WHERE o.cycle_id = %(cycle)s AND o.kind = 'fee' AND o.amount_minor > 0 GROUP BY 1) f
          JOIN settle_floor.party operator ON operator.id = %(operator)s
          JOIN settle_floor.party party ON party.id = f.recipient_id) s;
-- COMPARE
SELECT 'payments' AS what, count(*)
  FROM (SELECT organisation_id, sequence, amount_minor, send_by FROM settle_floor.payment
        EXCEPT SELECT organisation_id, sequence, amount_minor, send_by FROM public.clearing_settlementinstruction) unlike
UNION ALL SELECT 'invoices written', abs((SELECT count(*) FROM settle_floor.invoice) - (SELECT count(*) FROM public.clearing_invoice))
UNION ALL SELECT 'documents', count(*)
  FROM public.clearing_invoice i LEFT JOIN settle_floor.invoice f ON f.number = i.number
 WHERE (f.document, f.net_minor, f.tax_minor, f.total_minor, f.obligation_id, f.purpose)
       IS DISTINCT FROM (i.document, i.net_minor, i.tax_minor, i.total_minor, i.obligation_id, i.purpose);
