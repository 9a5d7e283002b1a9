"""What can go wrong between a job's folder and a running job.

StreamError
|- MissingSetting       a variable that the launcher cannot start without is absent
|- BadJob               a job folder is wrong: unknown name, key or parameter
|- TopicError           a topic cannot be made as schemas/topics describes it
|- FlinkUnavailable     the JobManager does not answer, or refuses
|- KafkaUnavailable     the broker does not answer, or refuses
|- SubmissionFailed     Flink refused the SQL of a job
|- NotDeployed          a deployment was given up before anything was stopped, or taken back
'- RecordsLost          a topic no longer holds what a start would have to read
"""


class StreamError(Exception):
    """Base of all; the text says what, where, and what to do."""


class MissingSetting(StreamError):
    """A variable that the launcher cannot start without is absent."""


class BadJob(StreamError):
    """A job folder is wrong."""


class TopicError(StreamError):
    """A topic cannot be made as described."""


class FlinkUnavailable(StreamError):
    """The JobManager does not answer, or refuses."""


class KafkaUnavailable(StreamError):
    """The broker does not answer, or refuses."""


class SubmissionFailed(StreamError):
    """Flink refused the SQL of a job."""


class NotDeployed(StreamError):
    """A deployment was given up before anything was stopped, or taken back."""


class RecordsLost(StreamError):
    """A topic no longer holds the record after the newest one taken in."""
