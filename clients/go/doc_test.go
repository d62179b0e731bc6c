package countersign

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestEveryExportedNameIsExplained: what go doc shows says what it is.
func TestEveryExportedNameIsExplained(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	explained := 0
	require := func(name string, comment *ast.CommentGroup) {
		if explained++; comment.Text() == "" {
			t.Errorf("%s has no comment", name)
		}
	}
	for path, file := range packages["countersign"].Files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch one := node.(type) {
			case *ast.FuncDecl:
				if one.Name.IsExported() && (one.Recv == nil || ast.IsExported(receiver(one))) {
					require(one.Name.Name, one.Doc)
				}
				return false
			case *ast.GenDecl:
				for _, spec := range one.Specs {
					if named, isType := spec.(*ast.TypeSpec); isType && named.Name.IsExported() {
						require(named.Name.Name, one.Doc)
						requireMembers(named, require)
					}
				}
			}
			return true
		})
	}
	if explained < 100 {
		t.Fatalf("%d names", explained)
	}
}

func receiver(method *ast.FuncDecl) string {
	of := method.Recv.List[0].Type
	if pointer, isPointer := of.(*ast.StarExpr); isPointer {
		of = pointer.X
	}
	return of.(*ast.Ident).Name
}

func requireMembers(named *ast.TypeSpec, require func(string, *ast.CommentGroup)) {
	var members *ast.FieldList
	switch one := named.Type.(type) {
	case *ast.StructType:
		members = one.Fields
	case *ast.InterfaceType:
		members = one.Methods
	default:
		return
	}
	for i, member := range members.List {
		comment := member.Doc
		if i > 0 && comment == nil { // two that are explained together
			comment = members.List[i-1].Doc
		}
		for _, name := range member.Names {
			if name.IsExported() && len(members.List) > 1 {
				require(named.Name.Name+"."+name.Name, comment)
			}
		}
	}
}
