import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import marketplace.kernel.columns
import marketplace.kernel.identifiers
import oauth2_provider.generators
import oauth2_provider.models
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # The token tables refer to the application model that stands in for the library's own.
    run_before = [("oauth2_provider", "0001_initial")]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40)),
                ('name_ja', models.CharField(max_length=100)),
                ('name_en', models.CharField(max_length=100)),
                ('opened_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='usr')),
                ('email', models.EmailField(max_length=254)),
                ('name', models.CharField(blank=True, default='', max_length=100)),
                ('language', models.CharField(choices=[('ja', '日本語'), ('en', 'English')], default='ja', max_length=2)),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False)),
                ('joined_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='org')),
                ('name_ja', models.CharField(max_length=200)),
                ('name_en', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('business', 'business'), ('public_body', 'public body'), ('information_bank', 'information bank'), ('individual', 'individual')], max_length=20)),
                ('corporate_number', models.CharField(max_length=13, null=True)),
                ('invoice_registration_number', models.CharField(max_length=14, null=True)),
                ('country', models.CharField(default='JP', max_length=2)),
                ('address', models.CharField(max_length=300)),
                ('representative', models.CharField(max_length=100)),
                ('is_operator', models.BooleanField(default=False)),
                ('operator_affiliate', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('active', 'active'), ('suspended', 'suspended')], default='active', max_length=10)),
                ('suspension_reason_code', models.CharField(blank=True, default='', max_length=40)),
                ('suspension_reason', models.TextField(blank=True, default='')),
                ('bank_code', models.CharField(blank=True, default='', max_length=4)),
                ('branch_code', models.CharField(blank=True, default='', max_length=3)),
                ('account_type', models.CharField(blank=True, choices=[('ordinary', 'ordinary account'), ('current', 'current account')], default='', max_length=10)),
                ('account_number', models.CharField(blank=True, default='', max_length=7)),
                ('account_holder_kana', models.CharField(blank=True, default='', max_length=30)),
                ('registered_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('corporate_number',), name='organisation_number_once'), models.UniqueConstraint(fields=('invoice_registration_number',), name='organisation_invoice_number_once'), models.CheckConstraint(condition=models.Q(('kind', 'individual'), models.Q(('country', 'JP'), _negated=True), ('corporate_number__isnull', False), _connector='OR'), name='organisation_number_given'), models.CheckConstraint(condition=models.Q(('invoice_registration_number__isnull', True), ('invoice_registration_number__regex', '^T[0-9]{13}$'), _connector='OR'), name='organisation_invoice_number'), models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='organisation_country'), models.CheckConstraint(condition=models.Q(('kind__in', ['business', 'public_body', 'information_bank', 'individual'])), name='organisation_kind'), models.CheckConstraint(condition=models.Q(models.Q(('account_holder_kana', ''), ('account_number', ''), ('account_type', ''), ('bank_code', ''), ('branch_code', '')), models.Q(('account_holder_kana__regex', '^[ｦｱ-ﾝﾞﾟA-Z0-9 ().,/¥｢｣-]{1,30}$'), ('account_number__regex', '^[0-9]{7}$'), ('account_type__in', ['ordinary', 'current']), ('bank_code__regex', '^[0-9]{4}$'), ('branch_code__regex', '^[0-9]{3}$')), _connector='OR'), name='organisation_payout_account'), models.UniqueConstraint(condition=models.Q(('is_operator', True)), fields=('is_operator',), name='organisation_one_operator'), models.CheckConstraint(condition=models.Q(('is_operator', False), ('state', 'active'), _connector='OR'), name='organisation_operator_active'), models.CheckConstraint(condition=models.Q(('state', 'suspended'), ('suspension_reason_code', ''), _connector='XOR'), name='organisation_suspension_reason')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='mbr')),
                ('role', models.CharField(choices=[('owner', 'owner'), ('trader', 'trader'), ('accountant', 'accountant')], max_length=12)),
                ('since', models.DateTimeField()),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='Admission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='adm')),
                ('capacity', models.CharField(choices=[('seller', 'seller'), ('buyer', 'buyer')], max_length=10)),
                ('state', models.CharField(choices=[('applied', 'applied, waiting for the rules'), ('on_hold', 'on hold, waiting for the operator'), ('admitted', 'admitted'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='applied', max_length=10)),
                ('declarations', models.JSONField()),
                ('decision', models.CharField(max_length=31, null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('applied_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('client_id', models.CharField(db_index=True, default=oauth2_provider.generators.generate_client_id, max_length=255, unique=True, verbose_name='client ID')),
                ('redirect_uris', models.TextField(blank=True, help_text='Allowed URIs list, space separated', verbose_name='redirect URIs')),
                ('post_logout_redirect_uris', models.TextField(blank=True, default='', help_text='Allowed Post Logout URIs list, space separated', verbose_name='post logout redirect URIs')),
                ('client_type', models.CharField(choices=[('confidential', 'Confidential'), ('public', 'Public')], max_length=32, verbose_name='client type')),
                ('authorization_grant_type', models.CharField(choices=[('authorization-code', 'Authorization code'), ('urn:ietf:params:oauth:grant-type:device_code', 'Device Code'), ('implicit', 'Implicit'), ('password', 'Resource owner password-based'), ('client-credentials', 'Client credentials'), ('openid-hybrid', 'OpenID connect hybrid')], max_length=44, verbose_name='authorization grant type')),
                ('client_secret', oauth2_provider.models.ClientSecretField(blank=True, db_index=True, default=oauth2_provider.generators.generate_client_secret, help_text='Client secret for authentication', max_length=255, verbose_name='client secret')),
                ('hash_client_secret', models.BooleanField(default=True, verbose_name='hash client secret')),
                ('name', models.CharField(blank=True, max_length=255, verbose_name='name')),
                ('skip_authorization', models.BooleanField(default=False, verbose_name='skip authorization')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated', models.DateTimeField(auto_now=True, verbose_name='updated')),
                ('algorithm', models.CharField(blank=True, choices=[('', 'No OIDC support'), ('RS256', 'RSA with SHA-2 256'), ('HS256', 'HMAC with SHA-2 256')], default='', max_length=5, verbose_name='algorithm')),
                ('allowed_origins', models.TextField(blank=True, default='', help_text='Allowed origins list to enable CORS, space separated', verbose_name='allowed origins')),
                ('registration_source', models.CharField(choices=[('manual', 'Manual'), ('dcr', 'Dynamic Client Registration'), ('cimd', 'Client ID Metadata Document')], default='manual', help_text='How this application was registered (manual, DCR per RFC 7591, or CIMD)', max_length=32, verbose_name='registration source')),
                ('cimd_expires_at', models.DateTimeField(blank=True, default=None, help_text='When the cached Client ID Metadata Document should be re-fetched', null=True, verbose_name='CIMD expires at')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='app')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='%(app_label)s_%(class)s', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.organisation')),
            ],
            options={
                'abstract': False,
                'swappable': 'OAUTH2_PROVIDER_APPLICATION_MODEL',
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organisation',
            trigger=pgtrigger.compiler.Trigger(name='state_guard', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF TG_OP = 'INSERT' THEN\n                IF NEW.state NOT IN ('active') THEN\n                    RAISE EXCEPTION 'participants.organisation: a row cannot begin as %', NEW.state USING ERRCODE = 'check_violation';\n                END IF;\n            ELSIF NEW.state IS DISTINCT FROM OLD.state\n                  AND (OLD.state, NEW.state) NOT IN (('active', 'suspended'), ('suspended', 'active')) THEN\n                RAISE EXCEPTION 'participants.organisation: % does not lead to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='a23a64f0035ea37e18af283f3d8b412d75c93538', operation='INSERT OR UPDATE', pgid='pgtrigger_state_guard_58d57', table='participants_organisation', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organisation',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'rows of % are kept: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';", hash='9d726fe8c88064c2aac03e9f1fa6691e0997255e', level='STATEMENT', operation='DELETE OR TRUNCATE', pgid='pgtrigger_no_delete_63c41', table='participants_organisation', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organisation',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id OR NEW.corporate_number IS DISTINCT FROM OLD.corporate_number OR NEW.registered_at IS DISTINCT FROM OLD.registered_at THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='10fb0f75cb3aa07569eccdd410af760c969d4f8b', operation='UPDATE', pgid='pgtrigger_immutable_bc3f0', table='participants_organisation', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organisation',
            trigger=pgtrigger.compiler.Trigger(name='corporate_number_guard', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."corporate_number" IS NOT NULL)', declare='DECLARE weighted integer;', func="IF NEW.corporate_number !~ '^[0-9]{13}$' THEN\n    RAISE EXCEPTION 'a corporate number has 13 digits' USING ERRCODE = 'check_violation';\nEND IF;\nSELECT sum(substr(NEW.corporate_number, 14 - n, 1)::integer * (2 - n % 2))\n    INTO weighted FROM generate_series(1, 12) AS n;\nIF left(NEW.corporate_number, 1)::integer <> 9 - weighted % 9 THEN\n    RAISE EXCEPTION 'the check digit of the corporate number is wrong'\n        USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;\n", hash='a90d2670553b2c68b7cf31cb7f0122b371a0d965', operation='INSERT OR UPDATE', pgid='pgtrigger_corporate_number_guard_bb88b', table='participants_organisation', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organisation',
            trigger=pgtrigger.compiler.Trigger(name='neutral_organisations', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF (NEW.is_operator OR NEW.operator_affiliate) AND EXISTS (\n    SELECT FROM public.participants_admission\n    WHERE organisation_id = NEW.id AND state IN ('admitted', 'applied', 'on_hold')\n) THEN\n    RAISE EXCEPTION 'an organisation with an admission cannot belong to the operator'\n        USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;\n", hash='6762216b2bd49a5b65ea4e5efb1dddfeaec9cf23', operation='UPDATE OF "is_operator", "operator_affiliate"', pgid='pgtrigger_neutral_organisations_f0be6', table='participants_organisation', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='segment',
            constraint=models.UniqueConstraint(fields=('code',), name='segment_code_once'),
        ),
        migrations.AddField(
            model_name='admission',
            name='segment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.segment'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='segment',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.code IS DISTINCT FROM OLD.code OR NEW.opened_at IS DISTINCT FROM OLD.opened_at THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='cc6ce12e5449f8dc61cbe4565b4202ac50e0ad9d', operation='UPDATE', pgid='pgtrigger_immutable_874cb', table='participants_segment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='segment',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'rows of % are kept: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';", hash='6910eece050a357ca688aec501daae718102d940', level='STATEMENT', operation='DELETE OR TRUNCATE', pgid='pgtrigger_no_delete_39085', table='participants_segment', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(fields=('email',), name='user_email_once'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower(models.F('email')))), name='user_email_lower_case'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='6f5b27d06631d7bc6888bffbfc55f1d6614eb540', operation='UPDATE', pgid='pgtrigger_immutable_c43ea', table='participants_user', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'trader', 'accountant'])), name='membership_role'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='354e942912c958c4d6e030cd71cf6f83151bb5b2', operation='UPDATE', pgid='pgtrigger_immutable_ce585', table='participants_membership', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='application',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='4e7d936dde2c1934828d7a1df2e65cad848c30a0', operation='UPDATE', pgid='pgtrigger_immutable_abf4d', table='participants_application', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='admission',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('applied', 'on_hold', 'admitted'))), fields=('organisation', 'segment', 'capacity'), name='admission_held_once'),
        ),
        migrations.AddConstraint(
            model_name='admission',
            constraint=models.CheckConstraint(condition=models.Q(('capacity__in', ['seller', 'buyer'])), name='admission_capacity'),
        ),
        migrations.AddConstraint(
            model_name='admission',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), models.Q(('decided_at__isnull', True), ('state', 'applied')), models.Q(('state__in', ('admitted', 'refused', 'on_hold')), ('decided_at__isnull', False)), _connector='OR'), name='admission_decided_when'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='admission',
            trigger=pgtrigger.compiler.Trigger(name='state_guard', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF TG_OP = 'INSERT' THEN\n                IF NEW.state NOT IN ('applied') THEN\n                    RAISE EXCEPTION 'participants.admission: a row cannot begin as %', NEW.state USING ERRCODE = 'check_violation';\n                END IF;\n            ELSIF NEW.state IS DISTINCT FROM OLD.state\n                  AND (OLD.state, NEW.state) NOT IN (('admitted', 'withdrawn'), ('applied', 'admitted'), ('applied', 'on_hold'), ('applied', 'refused'), ('applied', 'withdrawn'), ('on_hold', 'admitted'), ('on_hold', 'refused'), ('on_hold', 'withdrawn')) THEN\n                RAISE EXCEPTION 'participants.admission: % does not lead to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='d48022b9c26bbeee5c5685e8263f45a99a88821f', operation='INSERT OR UPDATE', pgid='pgtrigger_state_guard_ce955', table='participants_admission', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='admission',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'rows of % are kept: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';", hash='32949e8ca7947a4ce7c4f2514195ff8368080cb3', level='STATEMENT', operation='DELETE OR TRUNCATE', pgid='pgtrigger_no_delete_f4dc4', table='participants_admission', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='admission',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id OR NEW.segment_id IS DISTINCT FROM OLD.segment_id OR NEW.capacity IS DISTINCT FROM OLD.capacity OR NEW.declarations IS DISTINCT FROM OLD.declarations OR NEW.applied_at IS DISTINCT FROM OLD.applied_at THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='8e3add1755cbc30e0cbccefb96ab4947bdcb0ce1', operation='UPDATE', pgid='pgtrigger_immutable_a23d0', table='participants_admission', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='admission',
            trigger=pgtrigger.compiler.Trigger(name='neutral_admissions', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE partial boolean;', func="IF NEW.state IN ('admitted', 'applied', 'on_hold') THEN\n    SELECT is_operator OR operator_affiliate INTO partial\n        FROM public.participants_organisation WHERE id = NEW.organisation_id FOR SHARE;\n    IF partial THEN\n        RAISE EXCEPTION 'the operator and its affiliates are never buyer or seller'\n            USING ERRCODE = 'check_violation';\n    END IF;\nEND IF;\nRETURN NEW;\n", hash='45615fa02ba7d910aabb33702684cb34a06bead1', operation='INSERT OR UPDATE OF "state", "organisation_id"', pgid='pgtrigger_neutral_admissions_1bcd0', table='participants_admission', when='BEFORE')),
        ),
        migrations.CreateModel(
            name='Reinstatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_person', models.CharField(max_length=60)),
                ('reinstated_by', models.CharField(max_length=60)),
                ('reinstated_at', marketplace.kernel.columns.MomentField()),
                ('transaction', marketplace.kernel.columns.TransactionIdField(db_default=models.Func(function='pg_current_xact_id'))),
                ('recorded_at', marketplace.kernel.columns.MomentField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='organisation',
            trigger=pgtrigger.compiler.Trigger(name='reinstated_by_two', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" = \'active\' AND OLD."state" = \'suspended\')', func="IF NOT EXISTS (\n    SELECT FROM public.participants_reinstatement r\n     WHERE r.organisation_id = NEW.id AND r.transaction = pg_current_xact_id()\n) THEN\n    RAISE EXCEPTION 'organisation % was reinstated by no two people', NEW.public_id USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;\n", hash='c6dce9faa70b2461a124afe508c8d4b8d89cf606', operation='UPDATE OF "state"', pgid='pgtrigger_reinstated_by_two_6b7c2', table='participants_organisation', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='reinstatement',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.organisation'),
        ),
        migrations.AddConstraint(
            model_name='reinstatement',
            constraint=models.CheckConstraint(condition=models.Q(('reinstated_by__regex', '^usr_'), models.Q(('first_person', ''), _negated=True), models.Q(('first_person', models.F('reinstated_by')), _negated=True)), name='reinstatement_two_people'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reinstatement',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';", hash='c2404554a49c93dc34ed23f0ea1cda0593600e33', level='STATEMENT', operation='UPDATE OR DELETE OR TRUNCATE', pgid='pgtrigger_append_only_a00ab', table='participants_reinstatement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reinstatement',
            trigger=pgtrigger.compiler.Trigger(name='dated_now', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            -- Somebody states: nothing.\n            IF NOT (SELECT coalesce(public.is_business_present(min(least(reinstated_at)), max(greatest(reinstated_at))) AND public.is_real_present(min(least(recorded_at)), max(greatest(recorded_at))), true) FROM new_rows) THEN\n                RAISE EXCEPTION '%: a moment is not that of the clock', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NULL;\n        ", hash='409d4086ee0ca18aba43be082cafb76c1d438ea7', level='STATEMENT', operation='INSERT', pgid='pgtrigger_dated_now_228b8', referencing='REFERENCING NEW TABLE AS new_rows ', table='participants_reinstatement', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reinstatement',
            trigger=pgtrigger.compiler.Trigger(name='own_transaction', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.transaction IS DISTINCT FROM pg_current_xact_id())', func="RAISE EXCEPTION '%: transaction % does not write this row', TG_TABLE_NAME, NEW.transaction USING ERRCODE = 'check_violation';", hash='444a2a77fa285600e383afacc246ffca6d2fcbde', operation='INSERT', pgid='pgtrigger_own_transaction_55974', table='participants_reinstatement', when='BEFORE')),
        ),
    ]
