from django.db import migrations

from listings import charging_guards


class Migration(migrations.Migration):
    """Terms of metering say something, their tiers are within the ceiling, and the trial ends before the last period does."""

    dependencies = [
        ("listings", "0017_endings_of_offers"),
    ]

    operations = [
        migrations.RunSQL(charging_guards.CREATE, migrations.RunSQL.noop),
    ]
