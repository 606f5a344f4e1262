from django.db import migrations

from listings import rights_guards


class Migration(migrations.Migration):
    dependencies = [
        ("listings", "0009_salted_reasons"),
        ("participants", "0025_affiliates_by_relation"),
    ]

    operations = [
        migrations.RunSQL(rights_guards.CREATE, rights_guards.DROP),
    ]
