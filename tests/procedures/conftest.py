from datetime import datetime

import pytest

from procedures.models import Revision
from procedures.status import RevisionStatus
from tests import factories


@pytest.fixture
def published(monday: datetime) -> Revision:
    return factories.revision(RevisionStatus.PUBLISHED, now=monday)
