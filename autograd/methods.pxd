from autograd.recorded cimport Recorded

cdef extern from "methods.h":
    object named "chainrule_named"(object method, int count, object by_python)
