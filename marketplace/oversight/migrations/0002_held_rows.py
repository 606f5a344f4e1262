"""What is under a legal hold is not deleted from any table."""

from django.db import migrations

from marketplace.oversight.holds.guards import IS_HELD, guard_held_tables


class Migration(migrations.Migration):

    dependencies = [
        ('oversight', '0001_registers'),
        ('jobs', '0001_initial'),
        ('notices', '0001_initial'),
        ('participants', '0013_what_ends_with_its_role'),
        ('registration', '0001_initial'),
        ('webhooks', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(IS_HELD, migrations.RunSQL.noop),
        guard_held_tables(),
    ]
