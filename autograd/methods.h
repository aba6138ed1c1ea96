/* What only C can say of methods in a native build: their own names in errors.

   All methods of one kind share their code, and with it the one name that Cython puts into errors about the number of operands.
   So a call whose operands are not exactly those that fit is made by a function of Python, which has the method's name. */

static vectorcallfunc chainrule_cython; /* how Cython calls any of its functions of that kind */
static PyObject *chainrule_by_python;

static PyObject *chainrule_misfit(PyObject *method, PyObject *const *operands, size_t flags, PyObject *names, int count) {
    PyObject *function = PyObject_CallFunction(chainrule_by_python, "Oi", method, count);
    PyObject *result = function == NULL ? NULL : PyObject_Vectorcall(function, operands, flags, names);
    Py_XDECREF(function);
    return result;
}

static PyObject *chainrule_unary(PyObject *method, PyObject *const *operands, size_t flags, PyObject *names) {
    if (PyVectorcall_NARGS(flags) == 1 && names == NULL) return chainrule_cython(method, operands, flags, NULL);
    return chainrule_misfit(method, operands, flags, names, 1);
}

static PyObject *chainrule_binary(PyObject *method, PyObject *const *operands, size_t flags, PyObject *names) {
    if (PyVectorcall_NARGS(flags) == 2 && names == NULL) return chainrule_cython(method, operands, flags, NULL);
    return chainrule_misfit(method, operands, flags, names, 2);
}

static PyObject *chainrule_named(PyObject *method, int count, PyObject *by_python) {
    PyCFunctionObject *function = (PyCFunctionObject *)method;
    chainrule_cython = function->vectorcall;
    Py_INCREF(by_python);
    Py_XSETREF(chainrule_by_python, by_python);
    function->vectorcall = count == 1 ? chainrule_unary : chainrule_binary;
    return Py_NewRef(method);
}
