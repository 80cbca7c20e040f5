"""The previous estimate as an input (Gupta and Kannan, 2016; Colas, Lee and Rafailov, 2018)."""
