from django.db import migrations

from marketplace.evidence.parties import make_functions


class Migration(migrations.Migration):

    dependencies = [
        ('evidence', '0012_recused_from_more'),
    ]

    operations = [
        make_functions(),
    ]
