//! What is shipped beside the binary: the image, the unit, the chart, the documents.

mod chart;
mod documentation;
mod guards;
mod readme;
mod shipping;
