from django.db import migrations

from listings import rights_in_sql


class Migration(migrations.Migration):
    dependencies = [
        ("listings", "0008_sold_while_admitted"),
        ("participants", "0025_affiliates_by_relation"),
    ]

    operations = [
        migrations.RunSQL(rights_in_sql.CREATE, rights_in_sql.DROP),
    ]
