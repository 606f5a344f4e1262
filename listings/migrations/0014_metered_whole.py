"""Metered use has tiers, free uses and a trial."""

from django.db import migrations

from listings import charging_guards


class Migration(migrations.Migration):

    dependencies = [
        ('listings', '0013_signature_levels'),
    ]

    operations = [
        migrations.RunSQL(charging_guards.CREATE, migrations.RunSQL.noop),
    ]
