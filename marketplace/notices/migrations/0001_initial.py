import django.db.models.deletion
import django.db.models.functions.datetime
import marketplace.kernel.identifiers
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('participants', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='ntc')),
                ('subject', models.CharField(max_length=60)),
                ('title', models.JSONField()),
                ('body', models.JSONField()),
                ('told_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='tsk')),
                ('kind', models.CharField(choices=[('answer', 'answer an offer or a request'), ('sign', 'sign the contract'), ('fund', 'pay for the trade'), ('collect', 'collect the data'), ('accept', 'inspect and accept the data'), ('resolve', 'resolve the dispute'), ('review', 'review an application on hold')], max_length=12)),
                ('subject', models.CharField(max_length=60)),
                ('thread', models.CharField(max_length=60)),
                ('title', models.JSONField()),
                ('deadline', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('open', 'to be done'), ('done', 'done'), ('moot', 'no longer needed')], default='open', max_length=6)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='MailMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', marketplace.kernel.identifiers.IdentifierField(prefix='eml')),
                ('about', models.CharField(max_length=31)),
                ('address', models.EmailField(max_length=254)),
                ('title', models.CharField(max_length=300)),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('queued', 'waiting to be sent'), ('sent', 'handed to the mail server'), ('failed', 'failed after repeated attempts')], default='queued', max_length=8)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('sent_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(models.F('due_at'), condition=models.Q(('state', 'queued')), name='mail_queued')],
                'constraints': [models.UniqueConstraint(fields=('about', 'user'), name='mail_once'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='mail_sent_when')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mailmessage',
            trigger=pgtrigger.compiler.Trigger(name='state_guard', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF TG_OP = 'INSERT' THEN\n                IF NEW.state NOT IN ('queued') THEN\n                    RAISE EXCEPTION 'notices.mail_message: a row cannot begin as %', NEW.state USING ERRCODE = 'check_violation';\n                END IF;\n            ELSIF NEW.state IS DISTINCT FROM OLD.state\n                  AND (OLD.state, NEW.state) NOT IN (('queued', 'failed'), ('queued', 'sent')) THEN\n                RAISE EXCEPTION 'notices.mail_message: % does not lead to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='61447048cfe99698fa920958cae4608896daf7bb', operation='INSERT OR UPDATE', pgid='pgtrigger_state_guard_398d7', table='notices_mailmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mailmessage',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'rows of % are kept: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';", hash='b2ca05b43055cc7cf98a8182cb735f4556060ba3', level='STATEMENT', operation='DELETE OR TRUNCATE', pgid='pgtrigger_no_delete_69f7b', table='notices_mailmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mailmessage',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id OR NEW.about IS DISTINCT FROM OLD.about OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.address IS DISTINCT FROM OLD.address OR NEW.title IS DISTINCT FROM OLD.title OR NEW.text IS DISTINCT FROM OLD.text THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='3ac050d67f3a19999fed6b62283350f330c2bcc0', operation='UPDATE', pgid='pgtrigger_immutable_f3fb4', table='notices_mailmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mailmessage',
            trigger=pgtrigger.compiler.Trigger(name='set_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at) THEN\n                RAISE EXCEPTION '%: what was recorded cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='c809a2c787163cb8d47552c08018748bce35393b', operation='UPDATE', pgid='pgtrigger_set_once_ee0bf', table='notices_mailmessage', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(fields=['organisation', '-id'], name='notice_of_organisation'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='notice',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'rows of % are kept: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';", hash='768b5b823115488cd4beba219f59df32014d888d', level='STATEMENT', operation='DELETE OR TRUNCATE', pgid='pgtrigger_no_delete_40d86', table='notices_notice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='notice',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id OR NEW.subject IS DISTINCT FROM OLD.subject OR NEW.title IS DISTINCT FROM OLD.title OR NEW.body IS DISTINCT FROM OLD.body OR NEW.told_at IS DISTINCT FROM OLD.told_at THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='49ec85c15f178c2fccbdeb3b7b17968f9730fb55', operation='UPDATE', pgid='pgtrigger_immutable_66f7a', table='notices_notice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='notice',
            trigger=pgtrigger.compiler.Trigger(name='set_once', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF (OLD.read_at IS NOT NULL AND NEW.read_at IS DISTINCT FROM OLD.read_at) THEN\n                RAISE EXCEPTION '%: what was recorded cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='1aeef6200051b742f9aec6fdbaca691b96340dd3', operation='UPDATE', pgid='pgtrigger_set_once_0647d', table='notices_notice', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(models.F('thread'), condition=models.Q(('state', 'open')), name='task_open_thread'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(fields=['organisation', '-id'], name='task_of_organisation'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('organisation', 'kind', 'subject'), name='task_open_once'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='task_closed_when'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['answer', 'sign', 'fund', 'collect', 'accept', 'resolve', 'review'])), name='task_kind'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='task',
            trigger=pgtrigger.compiler.Trigger(name='state_guard', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF TG_OP = 'INSERT' THEN\n                IF NEW.state NOT IN ('open') THEN\n                    RAISE EXCEPTION 'notices.task: a row cannot begin as %', NEW.state USING ERRCODE = 'check_violation';\n                END IF;\n            ELSIF NEW.state IS DISTINCT FROM OLD.state\n                  AND (OLD.state, NEW.state) NOT IN (('open', 'done'), ('open', 'moot')) THEN\n                RAISE EXCEPTION 'notices.task: % does not lead to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='7291e7ff1d6236964623d037b4e7ce697fd0c673', operation='INSERT OR UPDATE', pgid='pgtrigger_state_guard_861bd', table='notices_task', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='task',
            trigger=pgtrigger.compiler.Trigger(name='no_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'rows of % are kept: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation';", hash='7a2cddfff447b23fba6cfb1e93f88297517ee0f4', level='STATEMENT', operation='DELETE OR TRUNCATE', pgid='pgtrigger_no_delete_b88d0', table='notices_task', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='task',
            trigger=pgtrigger.compiler.Trigger(name='immutable', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF NEW.public_id IS DISTINCT FROM OLD.public_id OR NEW.organisation_id IS DISTINCT FROM OLD.organisation_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.subject IS DISTINCT FROM OLD.subject OR NEW.thread IS DISTINCT FROM OLD.thread OR NEW.opened_at IS DISTINCT FROM OLD.opened_at THEN\n                RAISE EXCEPTION '%: what was agreed cannot be changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        ", hash='21edad9194d598b6dcb1b720f4e09361f7afa8d3', operation='UPDATE', pgid='pgtrigger_immutable_ecbdc', table='notices_task', when='BEFORE')),
        ),
    ]
