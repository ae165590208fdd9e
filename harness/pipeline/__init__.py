"""when: the pipeline under test, be it the reference, a Python object or command lines."""

from harness.pipeline.answer import Answer, Runner
from harness.pipeline.fixture import PipelineUnderTest
from harness.pipeline.load import load_pipeline
from harness.pipeline.pipeline_spec import PipelineSpec

__all__ = ["Answer", "PipelineSpec", "PipelineUnderTest", "Runner", "load_pipeline"]
