from django.db import migrations

from delivery.copies import ACCESS_BEGAN, COPIES_SENT


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0016_access_follows_endings'),
    ]

    operations = [
        migrations.RunSQL(COPIES_SENT, migrations.RunSQL.noop),
        migrations.RunSQL(ACCESS_BEGAN, migrations.RunSQL.noop),
    ]
