/* What only C can say of the class of nodes in a native build: operators in its own slots, and an easy life for the collector.

   The collector looks at young objects again and again. Nodes are many, and nearly all go soon, by their count of references; so
   here a node is not tracked when it is made, but waits in a list. Before each full collection all that wait are tracked, and
   also when there are many: so whatever a full collection finds in a plain build it finds here, circles included. */

#define CHAINRULE_WAITING_AT_MOST 262144

static struct {
    PyObject **nodes;
    Py_ssize_t count, room, offset; /* offset: of a node's place in the list, which is the last field of the class */
    PyTypeObject *base;
} chainrule_waiting;

static Py_ssize_t *chainrule_place(PyObject *node) { return (Py_ssize_t *)((char *)node + chainrule_waiting.offset); }

static void chainrule_track_all(void) {
    PyObject **nodes = chainrule_waiting.nodes;
    for (Py_ssize_t i = chainrule_waiting.count; i--;) {
        *chainrule_place(nodes[i]) = 0;
        PyObject_GC_Track(nodes[i]);
    }
    chainrule_waiting.count = 0;
}

static PyObject *chainrule_alloc(PyTypeObject *kind, Py_ssize_t items) {
    PyObject *node = PyType_GenericAlloc(kind, items);
    if (node == NULL) return NULL;
    if (chainrule_waiting.count == chainrule_waiting.room) {
        Py_ssize_t room = chainrule_waiting.room ? 2 * chainrule_waiting.room : 1024;
        PyObject **nodes = room > CHAINRULE_WAITING_AT_MOST ? NULL
                         : (PyObject **)PyMem_Realloc(chainrule_waiting.nodes, room * sizeof(PyObject *));
        if (nodes == NULL) {
            chainrule_track_all();
            if (chainrule_waiting.room == 0) return node;
        } else {
            chainrule_waiting.nodes = nodes;
            chainrule_waiting.room = room;
        }
    }
    PyObject_GC_UnTrack(node);
    chainrule_waiting.nodes[chainrule_waiting.count++] = node;
    *chainrule_place(node) = chainrule_waiting.count; /* counted from 1: 0 is a node that does not wait */
    return node;
}

/* Whoever goes leaves the list first, before other objects go with it: their finalizers may set off a collection. */
static void chainrule_dealloc(PyObject *node) {
    PyTypeObject *kind = Py_TYPE(node);
    Py_ssize_t place = *chainrule_place(node);
    if (place) { /* the last one takes its place */
        PyObject *last = chainrule_waiting.nodes[--chainrule_waiting.count];
        chainrule_waiting.nodes[place - 1] = last;
        *chainrule_place(last) = place;
        *chainrule_place(node) = 0;
    }
    PyObject_GC_UnTrack(node);
    Py_TRASHCAN_BEGIN(node, chainrule_dealloc) /* long chains go without recursion */
    chainrule_waiting.base->tp_dealloc(node);
    Py_DECREF(kind);
    Py_TRASHCAN_END
}

static PyObject *chainrule_before_collecting(PyObject *self, PyObject *arguments) {
    PyObject *phase, *facts, *generation;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OO", &phase, &facts)) return NULL;
    generation = PyDict_Check(facts) ? PyDict_GetItemString(facts, "generation") : NULL;
    if (generation != NULL && PyLong_AsLong(generation) == 2 && PyUnicode_CompareWithASCIIString(phase, "start") == 0)
        chainrule_track_all();
    Py_RETURN_NONE;
}

static PyMethodDef chainrule_callback = {"track_nodes", chainrule_before_collecting, METH_VARARGS, NULL};

static int chainrule_prepare(PyTypeObject *kind, PyTypeObject *base) {
    PyNumberMethods *to = kind->tp_as_number, *from = base->tp_as_number;
    PyObject *collector, *callbacks, *callback;
    to->nb_add = from->nb_add;
    to->nb_subtract = from->nb_subtract;
    to->nb_multiply = from->nb_multiply;
    to->nb_negative = from->nb_negative;
    PyType_Modified(kind);
    collector = PyImport_ImportModule("gc");
    callbacks = collector ? PyObject_GetAttrString(collector, "callbacks") : NULL;
    callback = callbacks ? PyCFunction_New(&chainrule_callback, NULL) : NULL;
    if (callback == NULL || PyList_Append(callbacks, callback) < 0) return -1;
    Py_DECREF(callback); Py_DECREF(callbacks); Py_DECREF(collector);
    chainrule_waiting.offset = base->tp_basicsize - (Py_ssize_t)sizeof(Py_ssize_t);
    chainrule_waiting.base = base;
    kind->tp_alloc = chainrule_alloc;
    kind->tp_dealloc = chainrule_dealloc;
    return 0;
}
