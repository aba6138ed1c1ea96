from autograd.recorded cimport Recorded
