from django.db import migrations

from delivery.copies import ACCESS_BEGAN


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0016_access_follows_endings'),
    ]

    operations = [
        migrations.RunSQL(ACCESS_BEGAN, migrations.RunSQL.noop),
    ]
